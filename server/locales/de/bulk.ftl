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
bulk-back = Zurück zu den Geräten
