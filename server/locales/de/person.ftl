person-no-computers = { $person } hat sich noch an keinem geschützten Computer angemeldet.
person-computers-caption = Computer von { $person }
person-recent = Neuestes zu { $person }
person-contacts = Wie die Person zu erreichen ist
person-contacts-about = Eine neue Nummer oder Adresse verdient Zweifel: Rufen Sie unter einer älteren zurück.
person-contact-since = Seit { $when }, { $source }
person-contact-until = Bis { $when }, { $source }
person-contact-source = durch { $by } ({ $source })
person-email = E-Mail
person-mobile-phone = Mobiltelefon
person-phone = Telefon
person-second-email = Zweite E-Mail
person-no-factors = { $person } hat keinen Faktor. Ohne einen kommt niemand an einem zweiten Schritt vorbei.
person-factor-active = Aktiv
person-account = Konto
person-locked = Dieses Konto ist ausgesperrt.
person-locked-next =
    { $count ->
        [one] Es gab einen Fehlversuch. Bis { $until } werden auch richtige Antworten abgelehnt.
       *[other] Es gab { $count } Fehlversuche hintereinander. Bis { $until } werden auch richtige Antworten abgelehnt.
    }
person-locked-for-good =
    { $count ->
        [one] Es gab einen Fehlversuch. Auch richtige Antworten werden abgelehnt, bis jemand das Konto entsperrt.
       *[other] Es gab { $count } Fehlversuche hintereinander. Auch richtige Antworten werden abgelehnt, bis jemand das Konto entsperrt.
    }
person-locked-since = Bis { $until } werden auch richtige Antworten abgelehnt.
person-roles = Rollen
person-none = Keine
person-groups = Gruppen
person-password-set = Passwort gesetzt
person-created = Angelegt
person-id = Kennung
person-unlock = Aussperrung von { $person } aufheben
person-unlock-effect = Die Person kann es sofort wieder versuchen.
person-unsuspend = Sperre von { $person } aufheben
person-unsuspend-effect = Die Person kann sich wieder anmelden.
person-activate = { $person } aktivieren
person-activate-effect = Die Person kann sich anmelden.
person-suspend = { $person } sperren
person-suspend-effect = Meldet die Person ab; keine Anmeldung und keine Wiederherstellungs-PIN, bis die Sperre aufgehoben wird.
person-deactivate = { $person } deaktivieren
person-deactivate-effect = Beendet das Konto: meldet die Person ab und widerruft ihre API-Token.
person-done-activate = { $person } wird aktiviert
person-done-deactivate = { $person } ist deaktiviert
person-done-expire-password = { $person } wählt bei der nächsten Anmeldung ein neues Passwort
person-done-reactivate = { $person } hat einen neuen Link bekommen
person-done-reset-password = Das Passwort von { $person } ist zurückgesetzt
person-done-sign-out = { $person } ist überall abgemeldet
person-done-suspend = { $person } ist gesperrt
person-done-unlock = Die Aussperrung von { $person } ist aufgehoben
person-done-unsuspend = Die Sperre von { $person } ist aufgehoben
person-done-recorded = Es steht im Protokoll, mit Ihrem Namen.
person-tabs = Seiten zu { $person }
person-overview = Überblick
person-factor-off = Zurzeit nicht zugelassen
person-factor-goes = Er gilt nicht mehr.
person-factor-remove = Entfernen bei { $person }: { $name }
person-factor-remove-about = Die Person wird überall abgemeldet und erfährt es per E-Mail.
person-factors-own = Um Ihre eigenen Faktoren kümmern Sie sich in Ihrem Konto.
person-reset-sessions =
    { $count ->
        [one] Dort, wo die Person angemeldet ist, wird sie abgemeldet.
       *[other] An den { $count } Stellen, wo die Person angemeldet ist, wird sie abgemeldet.
    }
person-reset-signins =
    { $count ->
        [one] Eine laufende Anmeldung endet, was immer in ihr bewiesen wurde.
       *[other] { $count } laufende Anmeldungen enden, was immer in ihnen bewiesen wurde.
    }
person-reset-browsers =
    { $count ->
        [one] Ein Browser, für den der zweite Schritt gemerkt war, wird wieder gefragt.
       *[other] { $count } Browser, für die der zweite Schritt gemerkt war, werden wieder gefragt.
    }
person-reset-links =
    { $count ->
        [one] Ein Link, der an die Person ging, gilt nicht mehr.
       *[other] { $count } Links, die an die Person gingen, gelten nicht mehr.
    }
person-codes-none = Keine.
person-codes-make = Ersatzcodes für { $person } machen
person-codes-about = Zehn Codes, jeder gilt einmal, wo ein App-Code gilt. Sie sehen sie nur dieses eine Mal: Geben Sie sie erst weiter, wenn Sie sich vergewissert haben, wer es ist.
person-codes-told = Die Person erfährt es per E-Mail.
person-codes-made = Ersatzcodes von { $person }
person-codes-made-about = Sie werden nur dieses eine Mal gezeigt. Geben Sie sie weiter, und behalten Sie keine.
person-done-factor-removed = Ein Faktor von { $person } ist entfernt
