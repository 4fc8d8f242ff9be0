sign-in-title = Anmelden
sign-in-enter-password = Geben Sie Ihr Passwort ein
sign-in-enter-code = Geben Sie den Code Ihrer App ein
sign-in-next = Weiter
sign-in-again = Mit einem anderen Namen neu beginnen
sign-in-no-phone = Kein Telefon, keine App? Rufen Sie Ihren Helpdesk an: Er kann feststellen, wer Sie sind, und Sie wieder einlassen.
sign-in-name = Ihr Anmeldename
sign-in-name-hint = Meist Ihre dienstliche E-Mail-Adresse.
sign-in-password = Passwort
sign-in-code = Code
sign-in-code-hint = Sechs Ziffern; alle 30 Sekunden kommt ein neuer Code.
sign-in-locked = Dieses Konto ist ausgesperrt.
sign-in-locked-next = Bis { $until } werden auch richtige Antworten abgelehnt. Wenn Sie das nicht waren, sagen Sie es Ihrem Helpdesk.
sign-in-nothing = Für diesen Namen gibt es keinen Faktor.
sign-in-nothing-next = Die Konsole verlangt einen zweiten Faktor. Die Hauptadministration kann Ihnen einen einrichten.
sign-in-start-again = Bitte beginnen Sie von vorn.
sign-in-start-again-next = Es dauerte länger als 5 Minuten oder ging in einem anderen Fenster weiter. Nichts ist verloren.
sign-in-wait = Warten Sie ein wenig.
sign-in-wait-next = Es gab { $limit }. Bis { $until } werden auch richtige Antworten abgelehnt.
sign-in-wrong = Name und Passwort passen nicht zusammen.
sign-in-wrong-next = Prüfen Sie den Namen oben und die Feststelltaste. Mehrere Fehlversuche hintereinander sperren das Konto.
sign-in-wrong-check = Prüfen Sie den Namen oben und die Feststelltaste.
sign-in-wrong-counted =
    { $minutes ->
        [60] Prüfen Sie den Namen oben und die Feststelltaste. Nach { $count } Fehlversuchen hintereinander ist das Konto für eine Stunde gesperrt.
       *[other] Prüfen Sie den Namen oben und die Feststelltaste. Nach { $count } Fehlversuchen hintereinander ist das Konto für { $minutes } Minuten gesperrt.
    }
sign-in-wrong-for-good = Prüfen Sie den Namen oben und die Feststelltaste. Nach { $count } Fehlversuchen hintereinander ist das Konto gesperrt, bis jemand es entsperrt.
sign-in-slip = Ein Code hat sechs Ziffern. Dieser Versuch zählte nicht.
sign-in-wrong-code = Dieser Code ist falsch oder wurde schon benutzt. Warten Sie auf den nächsten und geben Sie ihn ein.
sign-in-other = Einen anderen Weg nehmen
sign-in-ways = Wie wollen Sie zeigen, dass Sie es sind?
sign-in-way-token-software-totp = Code Ihrer App
sign-in-way-token-hotp = Code Ihres Tokens
sign-in-way-email = E-Mail an { $to }
sign-in-way-sms = SMS an { $to }
sign-in-way-call = Anruf bei { $to }
sign-in-way-question = Ihre Sicherheitsfrage
sign-in-way-backup-codes = Ein Ersatzcode
sign-in-ask-token-software-totp = Geben Sie den Code Ihrer App ein
sign-in-ask-token-hotp = Geben Sie den Code Ihres Tokens ein
sign-in-ask-email = Geben Sie den E-Mail-Code ein
sign-in-ask-sms = Geben Sie den Code der SMS ein
sign-in-ask-call = Geben Sie den Code ein, den die Stimme gesagt hat
sign-in-ask-question = Beantworten Sie Ihre Sicherheitsfrage
sign-in-ask-backup-codes = Geben Sie einen Ersatzcode ein
