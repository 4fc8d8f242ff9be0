bulk-act-activate = Aktivieren
bulk-act-unsuspend = Sperre aufheben
bulk-act-suspend = Sperren
bulk-act-deactivate = Deaktivieren
bulk-title-activate =
    { $count ->
        [one] Einen Computer aktivieren
       *[other] { $count } Computer aktivieren
    }
bulk-title-unsuspend =
    { $count ->
        [one] Sperre eines Computers aufheben
       *[other] Sperre von { $count } Computern aufheben
    }
bulk-title-suspend =
    { $count ->
        [one] Einen Computer sperren
       *[other] { $count } Computer sperren
    }
bulk-title-deactivate =
    { $count ->
        [one] Einen Computer deaktivieren
       *[other] { $count } Computer deaktivieren
    }
bulk-about-activate = Personen können sich dort wieder registrieren. Sperren nimmt es zurück.
bulk-about-unsuspend = Für sie können wieder Wiederherstellungs-PINs ausgestellt werden. Sperren nimmt es zurück.
bulk-about-suspend = Bis die Sperre aufgehoben wird, kann für sie keine Wiederherstellungs-PIN ausgestellt werden.
bulk-about-deactivate = Das lässt sich nicht zurücknehmen: Alle müssen sich an ihnen neu registrieren.
bulk-effect-activate = Wird aktiv
bulk-effect-unsuspend = Wiederherstellungs-PINs sind wieder möglich
bulk-effect-suspend = Keine Wiederherstellungs-PINs, bis die Sperre aufgehoben wird
bulk-effect-deactivate = Alle Personen werden getrennt; Geheimnisse und PINs gelten nicht mehr
bulk-unchanged = Sein Zustand lässt es nicht zu: Nichts ändert sich
bulk-back = Zurück zu: { $list }
bulk-people-act-new-link = Neuen Link senden
bulk-people-act-unlock = Entsperren
bulk-people-act-unsuspend = Sperre aufheben
bulk-people-act-sign-out = Überall abmelden
bulk-people-act-suspend = Sperren
bulk-people-act-deactivate = Deaktivieren
bulk-people-title-new-link =
    { $count ->
        [one] Einer Person einen neuen Link senden
       *[other] { $count } Personen einen neuen Link senden
    }
bulk-people-title-unlock =
    { $count ->
        [one] Eine Person entsperren
       *[other] { $count } Personen entsperren
    }
bulk-people-title-unsuspend =
    { $count ->
        [one] Die Sperre einer Person aufheben
       *[other] Die Sperre von { $count } Personen aufheben
    }
bulk-people-title-sign-out =
    { $count ->
        [one] Eine Person überall abmelden
       *[other] { $count } Personen überall abmelden
    }
bulk-people-title-suspend =
    { $count ->
        [one] Eine Person sperren
       *[other] { $count } Personen sperren
    }
bulk-people-title-deactivate =
    { $count ->
        [one] Eine Person deaktivieren
       *[other] { $count } Personen deaktivieren
    }
bulk-people-about-new-link = Sie bekommen per E-Mail einen Link, um ein Passwort zu wählen. Frühere Links gelten nicht mehr.
bulk-people-about-unlock = Sie dürfen sich sofort wieder anmelden.
bulk-people-about-unsuspend = Sie dürfen sich wieder anmelden, mit Passwort und Faktoren von vorher.
bulk-people-about-sign-out = Jede Sitzung endet; sie können sich wieder anmelden.
bulk-people-about-suspend = Sie werden abgemeldet; keine Anmeldung und keine Wiederherstellungs-PIN, bis die Sperre aufgehoben wird.
bulk-people-about-deactivate = Ihre Konten enden: abgemeldet, API-Token widerrufen. Um sie wieder einzulassen, müssen sie neu aktiviert werden.
bulk-people-effect-new-link = Bekommt einen neuen Link per E-Mail
bulk-people-effect-unlock = Darf sich wieder anmelden
bulk-people-effect-unsuspend = Darf sich wieder anmelden
bulk-people-effect-sign-out = Jede Sitzung endet
bulk-people-effect-suspend = Ist abgemeldet und ausgeschlossen
bulk-people-effect-deactivate = Das Konto endet
