"""An invented real-estate team with its address book, for looking around and for trying programs against."""
