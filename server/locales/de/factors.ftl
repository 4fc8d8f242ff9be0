factors-factor = Faktor
factors-since = Seit
factors-last-used = Zuletzt benutzt
factors-never = Nie
factors-off = Zählt nicht: Ihre Organisation lässt ihn zurzeit nicht zu
factors-passkey = Passkey „{ $name }“
factors-about-token-software-totp = Codes aus sechs Ziffern, jede halbe Minute ein neuer
factors-about-token-hotp = Codes, die ein Token zeigt
factors-about-email = Ein Code, der per E-Mail gesendet wird
factors-about-sms = Ein Code, der per SMS gesendet wird
factors-about-call = Ein Code, den ein Anruf ansagt
factors-about-question = Eine Antwort, die Sie wissen
factors-about-webauthn = Liegt in Ihrer Passkey-Verwaltung; keine falsche Seite kann ihn benutzen
factors-about-webauthn-bound = Bleibt auf einem Gerät; keine falsche Seite kann ihn benutzen
factors-remove = Entfernen
factors-remove-named = Entfernen: { $name }
factors-codes-left =
    { $count ->
        [one] Ein Ersatzcode von { $all } übrig
       *[other] { $count } Ersatzcodes von { $all } übrig
    }
factors-wait = Versuchen Sie es nach { $until } wieder.
factors-refused-answer = Die Antwort braucht 4 bis 100 Zeichen und darf nicht in der Frage stehen.
factors-refused-question = Wählen Sie eine der Fragen.
factors-refused-questiontext = Schreiben Sie Ihre eigene Frage: 1 bis 100 Zeichen in einer Zeile.
factors-refused-phonenumber = Das ist keine Telefonnummer. Beginnen Sie mit + und dem Land, wie in +46 8 555 0100.
factors-refused-phoneextension = Eine Durchwahl hat nur Ziffern.
factors-refused-sharedsecret = Das ist kein Geheimnis eines solchen Tokens. Es hat 16 Bytes oder mehr, geschrieben, wie sein Hersteller es schreibt.
factors-refused-factorprofileid = Wählen Sie, was für ein Token es ist.
factors-refused-factortype = Ihre Organisation lässt diesen Faktor für Sie zurzeit nicht zu.
factors-refused-factorenrollrequest = Sie haben schon einen davon. Entfernen Sie ihn zuerst.
factors-refused-name = Es müssen 1 bis 60 Zeichen in einer Zeile sein.
factors-refused-e0000014 = Das ist nicht Ihr jetziges Passwort.
factors-refused-e0000035 = Ihre Organisation lässt Sie das Passwort hier nicht ändern. Fragen Sie Ihren Helpdesk.
factors-refused-e0000038 = Ihr Konto lässt das zurzeit nicht zu. Fragen Sie Ihren Helpdesk.
factors-refused-e0000047 = Es waren zu viele Versuche.
factors-refused-e0000068 = Das ist nicht der richtige Code. Prüfen Sie ihn, und versuchen Sie es noch einmal.
factors-refused-e0000069 = Dieses Konto ist ausgesperrt.
factors-refused-e0000079 = Dieser Faktor wartet auf keinen Code mehr. Fangen Sie neu an.
factors-refused-e0000082 = Dieser Code wurde schon benutzt. Warten Sie auf den nächsten.
factors-refused-e0000083 = Dieser Code ist zu alt, oder es wurde ein neuerer gesendet. Nehmen Sie den neuesten.
factors-refused-e0000109 = An diese Nummer ging eben erst eine SMS.
factors-refused-e0000118 = An diese Adresse ging eben erst eine E-Mail.
factors-refused-e0000133 = Diese Nummer wurde eben erst angerufen.
factors-refused-e0000146 = Ihre Organisation hat so viele SMS gesendet, wie sie an einem Tag darf. Fragen Sie Ihren Helpdesk.
factors-refused-e0000147 = Ihre Organisation hat so oft angerufen, wie sie an einem Tag darf. Fragen Sie Ihren Helpdesk.
factors-refused-last-factor = Das ist Ihr letzter Faktor: Ohne ihn könnten Sie sich an der Konsole nicht anmelden. Fügen Sie zuerst einen anderen hinzu.
factors-refused-required-factor = Ihre Organisation will, dass Sie diesen Faktor haben. Fügen Sie zuerst einen anderen seiner Art hinzu.
