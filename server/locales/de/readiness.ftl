readiness-title = Wiederherstellung
readiness-linked = Verbunden
readiness-last-pin = Letzte PIN:
readiness-for = für { $who }
readiness-made = ausgestellt { $when }
readiness-view-pin = Wiederherstellungs-PIN
readiness-challenge = Mit neun Ziffern der Person
readiness-impossible = Nicht möglich
readiness-ready = Bereit
readiness-not-linked = Nicht verbunden
readiness-new-claimed = Neu, und nur der Computer sagt es
readiness-claimed = Nur der Computer sagt es
readiness-new-proved = Neu, mit einem Faktor belegt
readiness-proved = Mit einem Faktor belegt
readiness-offline = { $computer } war zuletzt am { $since } online (vor { $days } Tagen).
readiness-offline-challenge = { $computer } war zuletzt am { $since } online (vor { $days } Tagen), zu lange für eine PIN nach der Zeit.
readiness-only-challenge = { $computer } nimmt nur PINs, die die Ziffern auf seinem Bildschirm beantworten.
readiness-lasting-hours =
    { $count ->
        [one] 1 Stunde
       *[other] { $count } Stunden
    }
readiness-lasting-minutes =
    { $count ->
        [one] 1 Minute
       *[other] { $count } Minuten
    }
readiness-sentence = { $words }.
