search-title = Suche
search-how = Schreiben Sie eine Seriennummer, einen Namen, eine Gruppe oder eine Seite der Konsole.
search-nothing = Nichts heißt „{ $words }“. Lassen Sie sich Seriennummer oder Namen buchstabieren.
search-all = Alle
search-pages = Seiten der Konsole
search-name = Name
search-detail = Näheres
search-state = Zustand
