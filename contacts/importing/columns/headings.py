"""What columns are called in address books, sheets and other systems.

English, German, Spanish, French, Italian, Portuguese, Dutch, Greek, Polish, Russian and Turkish, as people write them:
capitals, accents, punctuation and blanks do not matter (``spelling``). A list of words, and long for that reason only.
"""

from __future__ import annotations

from typing import Final

# Targets, and a few words that mean one or another of them beside other columns: ``guessing`` decides which.
GIVEN_OR_FULL: Final = "given_or_full"
FAMILY_OR_FULL: Final = "family_or_full"
TITLE: Final = "title"
ANY_ID: Final = "any_id"
ANY_NUMBER: Final = "any_number"
ANY_CHOICE: Final = "any_choice"

HEADINGS: Final[dict[str, str]] = {
    "first_name": """first name|given name|forename|fname|first|christian name|vorname|vornamen|primer nombre
        |nombre de pila|prénom|prenom|nome proprio|primeiro nome|voornaam|roepnaam|μικρό όνομα|imię|isim""",
    "last_name": """last name|family name|surname|lname|last|nachname|familienname|zuname|apellido|apellidos
        |primer apellido|nom de famille|cognome|sobrenome|apelido|último nome|achternaam|familienaam|επώνυμο|επίθετο
        |nazwisko|фамилия|soyad|soyadı|soyisim""",
    "full_name": """full name|name in full|display name|contact name|client name|customer name|lead name|person name
        |fullname|vor und nachname|vorname und nachname|vorname nachname|vollständiger name|anzeigename|kontaktname
        |ansprechpartner|nombre completo|nombre y apellidos|nom complet|nom et prénom|prénom nom|nome completo
        |nome e cognome|volledige naam|weergavenaam|ονοματεπώνυμο|imię i nazwisko|nazwa wyświetlana|фио|полное имя
        |ad soyad|adı soyadı|isim soyisim|contact|kontakt|contacto|contatto|contato""",
    GIVEN_OR_FULL: "nombre|nome|όνομα|имя|ad|adı",
    FAMILY_OR_FULL: "name|nom|naam|name 1|file as",
    "middle_name": """middle name|additional name|second name|middle initial|weitere vornamen|zweiter vorname
        |segundo nombre|deuxième prénom|secondo nome|nome do meio|tweede voornaam|tussenvoegsel|drugie imię|отчество
        |ikinci ad""",
    "name_prefix": "name prefix|prefix|honorific|honorific prefix|salutation|anrede|tratamiento|civilité|aanhef",
    TITLE: "title|titel|titre|titolo|título|tytuł|unvan",
    "name_suffix": "name suffix|suffix|honorific suffix|generation|namenszusatz|sufijo|suffixe|achtervoegsel",
    "company_name": """company|company name|organization|organisation|organization name|organisation name
        |organization 1 name|business name|associated company|account name|employer|firm|firma|firmenname
        |unternehmen|organisationsname|empresa|nombre de la empresa|compañía|organización|société|entreprise
        |nom de la société|nom de l'entreprise|azienda|nome azienda|società|ditta|ragione sociale|organizzazione
        |organização|nome da empresa|bedrijf|bedrijfsnaam|organisatie|εταιρεία|επωνυμία|nazwa firmy|przedsiębiorstwo
        |компания|организация|название компании|şirket|şirket adı|kurum""",
    "is_company": "is company|is a company|is organization|ist firma|es empresa|est une société",
    "email": """email|e mail|mail|email address|e mail address|mail address|e mail value|email value|electronic mail
        |email addresses|e mail adresse|mailadresse|emailadresse|mail adresse|correo|correo electrónico|correo e
        |dirección de correo|dirección de correo electrónico|courriel|adresse e mail|adresse email|adresse mail
        |adresse électronique|posta elettronica|indirizzo email|indirizzo e mail|endereço de email
        |endereço de e mail|correio eletrónico|correio eletrônico|e mailadres|mailadres|ηλεκτρονικό ταχυδρομείο
        |διεύθυνση email|διεύθυνση e mail|adres e mail|adres email|poczta|электронная почта|почта|эл почта
        |адрес электронной почты|e posta|eposta|e posta adresi|e posta adres""",
    "further_email": """secondary email|alternate email|alternative email|additional email|second email
        |other email address|zweite e mail|weitere e mail|segundo correo|autre email|altra email""",
    "email_label": "e mail label|e mail type|email label|email type",
    "phone": """phone|phone number|phone no|telephone|telephone number|tel|tel no|tel nr|phone value|primary phone
        |contact number|daytime phone|phones|phone numbers|telefon|telefonnummer|rufnummer|haupttelefon|fon|teléfono
        |número de teléfono|téléphone|numéro de téléphone|n de téléphone|telefono|numero di telefono|numero telefono
        |telefone|número de telefone|fone|telefoon|telefoonnummer|τηλέφωνο|αριθμός τηλεφώνου|numer telefonu
        |nr telefonu|телефон|номер телефона|telefon numarası|telefon no""",
    "phone:Mobile": """cellphone|cellphone number|mobilephone|mobile number|cell number|handynummer|mobilnummer
        |mobilfunk|mobilfunknummer|mobiltelefon|número de móvil|número móvil|téléphone portable|portable
        |numéro de portable|cellulare|numero di cellulare|telemóvel|número de celular|mobiel nummer|κινητό τηλέφωνο
        |telefon komórkowy|numer komórkowy|мобильный телефон|сотовый|cep telefonu|gsm|whatsapp|sms|sms phone number""",
    "phone:Home": "homephone|privattelefon|festnetz|teléfono fijo|téléphone fixe|vaste telefoon|telefono fisso",
    "phone:Work": "workphone|businessphone|diensttelefon|durchwahl|direct phone|direct line",
    "phone:Main": "company main phone|main phone|telefon firma|zentrale",
    "phone:Car": "car phone|autotelefon",
    "phone:Radio": "radio phone",
    "phone:Callback": "callback|callback phone|rückmeldung",
    "phone:iPhone": "iphone|phone iphone",
    "further_phone": """secondary phone|alternate phone|alternative phone|additional phone|second phone
        |zweites telefon|segundo teléfono|autre téléphone""",
    "further_phone:Fax": "faxnummer|fax number|telefax|numéro de fax|número de fax|факс|belgeç",
    "further_phone:Pager": "pager|pager number|beeper",
    "further_phone:TTY": "tty tdd phone|telefon für hörbehinderte",
    "phone_label": "phone label|phone type",
    "street": """street|street address|street name|address line|address street|address line 1|extended address
        |address extended address|address extended|po box|address po box|straße|strasse|straße und hausnummer
        |straße hausnummer|straße nr|hausnummer|anschriftenzeile|calle|calle y número|rue|voie|numéro et rue|via
        |indirizzo via|rua|logradouro|straat|straat en huisnummer|straat en nummer|οδός|ulica|ulica i numer|улица
        |sokak|cadde|postfach|street road name of postal address|house number of postal address
        |apartment suite no of postal address""",
    "address": """address|full address|address formatted|formatted address|postal address|mailing address
        |postal addresses|adresse|anschrift|postanschrift|postadresse|dirección|dirección completa|dirección postal
        |adresse postale|adresse complète|indirizzo|indirizzo completo|endereço|endereço completo|morada|adres
        |volledig adres|διεύθυνση|adres zamieszkania|адрес|açık adres|full combined address of postal address
        |whole address""",
    "city": """city|town|city town|address city|locality|municipality|suburb|stadt|ort|wohnort|ortschaft|gemeinde
        |ciudad|localidad|población|municipio|ville|commune|localité|città|comune|località|cidade|município|stad
        |plaats|woonplaats|gemeente|πόλη|miasto|miejscowość|город|населенный пункт|şehir|ilçe
        |city town village locality of postal address""",
    "state": """state|address state|state province|province|region|address region|county|state region|state county
        |bundesland|kanton|bundesland kanton|estado|provincia|comunidad autónoma|département|région|état|regione
        |stato provincia|uf|distrito|provincie|νομός|περιφέρεια|województwo|область|регион|край|il
        |r bundesland kanton|state county of postal address""",
    "zip_code": """zip|address zip|address zip code|zip code|postal code|postcode|post code|zipcode|zip postal code
        |address postal code|plz|postleitzahl|código postal|cp|c p|code postal|cap|codice postale
        |codice avviamento postale|cep|código de endereçamento postal|ταχυδρομικός κώδικας|τκ|τ κ|kod pocztowy
        |индекс|почтовый индекс|posta kodu|zip postal code of postal address""",
    "country": """country|country region|address country|nation|land|staat|land region|país|pais|pays|paese|nazione
        |χώρα|kraj|państwo|страна|ülke|e land region|country of postal address""",
    "type": """contact type|lead type|kontakttyp|kontaktart|tipo de contacto|type de contact|tipo di contatto
        |tipo de contato|lifecycle stage|lifecyclestage|soort contact|typ kontaktu|тип контакта""",
    "status": "contact status|lead status|kontaktstatus|estado del contacto|statut du contact",
    "stage": "rental stage|deal stage|pipeline stage",
    "role": "contact role|rolle|rol|rôle|ruolo|função|rola|роль|ρόλος",
    ANY_CHOICE: """type|status|stage|role|typ|tipo|art|soort|statut|stato|etapa|étape|fase|phase|stadium|τύπος
        |κατάσταση|тип|статус|стадия|tür|durum|aşama|etap""",
    "source": """source|lead source|original source|contact source|quelle|herkunft|lead quelle|fuente|origen
        |provenance|source du lead|fonte|origine|provenienza|origem|bron|herkomst|leadbron|πηγή|źródło|источник
        |kaynak""",
    "referral_source": """referral source|referred by|referral|referrer|empfohlen von|geworben durch|recomendado por
        |referido por|recommandé par|parrain|segnalato da|indicado por|aanbevolen door|συστήθηκε από|polecony przez
        |рекомендация|referans""",
    "channel_preference": "channel preference|preferred channel|bevorzugter kanal|canal preferido|canal préféré",
    "communication_method": """communication method|preferred contact method|preferred communication method
        |contact preference|preferred method of contact|bevorzugte kontaktart|método de contacto preferido
        |moyen de contact préféré""",
    "language": """language|preferred language|locale|sprache|bevorzugte sprache|idioma|langue|langue préférée
        |lingua|língua|taal|γλώσσα|język|язык|dil""",
    "notes": """notes|note|comments|comment|remarks|remark|description|background|background info|memo|notizen|notiz
        |bemerkung|bemerkungen|anmerkung|anmerkungen|kommentar|beschreibung|notas|nota|comentarios|observaciones
        |remarques|commentaire|commentaires|osservazioni|commenti|observações|comentários|opmerkingen|opmerking
        |notities|σημειώσεις|σχόλια|notatki|uwagi|komentarz|заметки|примечание|примечания|комментарий|notlar|not
        |açıklama""",
    "tags": """tags|tag|labels|label|categories|category|groups|group|group membership|lists|kategorien|kategorie
        |gruppen|gruppe|schlagworte|schlagwörter|etiketten|etiquetas|categorías|grupos|étiquettes|catégories
        |catégorie|groupes|etichette|categorie|gruppi|categorias|marcadores|groepen|ετικέτες|κατηγορίες|ομάδες
        |etykiety|kategorie kontaktów|grupy|теги|метки|категории|группы|etiketler|kategoriler|gruplar""",
    "mailing_status": """unsubscribed|unsub time|unsubscribed from all email|email opt out|opted out of email
        |email marketing status|marketing status|newsletter status|subscription status|email blacklisted""",
    "do_not_contact_by": "do not contact by",
    "mailing_status:cleaned": "clean time|email hard bounce|bounced",
    "assigned_to": """assigned to|assigned agent|assigned user|agent|owner|contact owner|lead owner|account owner
        |owner email|agent email|responsible|zuständig|zugewiesen an|bearbeiter|betreuer|makler|verantwortlich
        |asignado a|agente|responsable|propietario del contacto|assigné à|attribué à|conseiller|assegnato a
        |responsabile|atribuído a|responsável|corretor|toegewezen aan|eigenaar|makelaar|ανατέθηκε σε|υπεύθυνος
        |przypisany do|opiekun|właściciel|ответственный|sorumlu|atanan""",
    "created_at": """created at|created|create date|created date|date created|date added|added on|created on
        |creation date|created time|person created|contact created|add time|optin time|registration date
        |date registered|angelegt am|erstellt am|erstellungsdatum|anlagedatum|fecha de creación|fecha de alta
        |creado el|date de création|créé le|data di creazione|creato il|data de criação|criado em|aangemaakt op
        |datum aangemaakt|ημερομηνία δημιουργίας|data utworzenia|utworzono|дата создания|создан|oluşturulma tarihi
        |kayıt tarihi""",
    "last_contacted_at": """last contacted at|last contacted|last contact|last contact date|date of last contact
        |last communication|letzter kontakt|zuletzt kontaktiert|último contacto|dernier contact|ultimo contatto
        |último contato|laatste contact|ostatni kontakt|последний контакт|son iletişim""",
    "price_from": """price from|price min|min price|minimum price|budget from|budget min|min budget|preis von
        |budget von|precio mínimo|presupuesto mínimo|prix min|budget minimum|prezzo minimo|preço mínimo|prijs van""",
    "price_to": """price to|price max|max price|maximum price|budget to|budget max|max budget|budget|preis bis
        |budget bis|precio máximo|presupuesto máximo|presupuesto|prix max|budget maximum|prezzo massimo|preço máximo
        |prijs tot""",
    "property_types": """property types|property type|objektart|immobilienart|objekttyp|tipo de propiedad
        |tipo de inmueble|type de bien|tipo di immobile|tipo de imóvel|type woning|soort woning|τύπος ακινήτου
        |typ nieruchomości|тип недвижимости|emlak tipi""",
    "locations": """locations|preferred locations|preferred location|desired location|areas of interest
        |area of interest|wunschlage|suchgebiet|zona de interés|zonas|lieux souhaités|zone di interesse
        |gewenste locatie""",
    "related_name:Spouse": """spouse|spouse name|husband|wife|ehepartner|ehegatte|cónyuge|conjoint|coniuge|cônjuge
        |echtgenoot|eş""",
    "related_name:Partner": "partner|partner name|lebenspartner|pareja|compagno",
    "related_name:Assistant": "assistant|assistant name|assistant s name|assistent in|asistente|assistente",
    "related_phone:Spouse": "spouse phone|spouse mobile|spouse s phone|spouse phone number",
    "related_phone:Partner": "partner phone|partner mobile",
    "related_phone:Assistant": "assistant phone|assistant s phone|telefon assistent",
    "related_email:Spouse": "spouse email|spouse e mail|spouse s email",
    "related_email:Partner": "partner email|partner e mail",
    "related_email:Assistant": "assistant email|assistant s email",
    "uuid": "uuid|guid",
    "winnerr_key": "winnerr id|winnerr key",
    ANY_ID: "id|contact id|record id|external id|kontakt id|person id|lead id",
    ANY_NUMBER: "number|nummer|número|numéro|numero|no|nr|numer|номер|numara|contact number id",
}

# Words beside those, and what they say of an address, a number or a place. The label is English, as everywhere.
LABELS: Final[dict[str, str]] = {
    "Home": """home personal private privat private privada particulier particular casa domicile personnel personale privado
        residencial residential σπίτι οικία домашний домашняя domowy domowa prywatny ev kişisel""",
    "Work": """work business office company organization organisation bureau dienstlich geschäftlich gesch beruflich arbeit
        büro trabajo profesional oficina
        lavoro ufficio travail professionnel trabalho comercial zakelijk werk εργασία γραφείο рабочий рабочая służbowy
        służbowa praca iş""",
    "Mobile": """mobile cell cellular handy mobil móvil cellulare portable celular telemóvel mobiel κινητό мобильный komórka
        komórkowy cep""",
    "Fax": "fax telefax факс faks φαξ",
    "Other": "other weitere weiteres weiterer sonstige andere otro otra autre altro outro overig overige άλλο другой inny diğer",
    "Property": "property objekt inmueble immobile imóvel nieruchomości",
    "": "primary preferred main contact person lead client customer mailing postal default own your haupt principal hauptsächlich",
}

# Parts of an old mailing program's or calendar's record that are nothing about a person.
MEANINGLESS: Final = """e mail display name|email display name|e mail angezeigter name|e mail typ|account
        |billing information
    |directory server|internet free busy|initials|keywords|mileage|priority|private|sensitivity|subject|photo|telex
        |isdn
    |organizational id number|government id number|latitude|longitude|gmtoff|dstoff|timezone|leid|euid|member rating
        |optin ip
    |confirm ip|confirm time|last changed|phonetic first name|phonetic middle name|phonetic last name|yomi name
    |given name yomi|additional name yomi|family name yomi|given yomi|surname yomi|company yomi
        |organization yomi name"""
