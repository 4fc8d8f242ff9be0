administrators-title = Administratoren
administrators-lead = Wer was darf. Eine Rolle ist eine Menge von Berechtigungen; niemand kann für sich selbst eine Wiederherstellungs-PIN ausstellen.
administrators-person = Person
administrators-roles = Rollen
administrators-pins = Wiederherstellungs-PINs
administrators-since = Seit
administrators-may-make = Darf sie ausstellen
administrators-may-not = Nein
