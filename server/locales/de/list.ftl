list-pages = Seiten
list-first = Erste Seite
list-next = Nächste Seite
list-shown = { $count } gezeigt
