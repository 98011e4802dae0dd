"""The same address book as a tutorial would build it: Django, REST framework, django-filter and taggit, as they come."""
