rules-title = Gruppenregeln
rules-lead = Eine Regel nimmt alle, die ihr Ausdruck meint, in ihre Gruppen auf und nimmt sie heraus, wenn er sie nicht mehr meint.
rules-new = Neue Regel
rules-edit = Regel bearbeiten
rules-rule = Regel
rules-name = Name
rules-state = Stand
rules-expression = Wen sie meint
rules-groups = Gruppen, die sie füllt
rules-excluded = Personen, die sie nie meint
rules-none = Es gibt keine Regeln.
rules-none-next = Gruppen werden von Hand gefüllt, bis eine Regel sie füllt.
rules-active = Wird ausgeführt
rules-inactive = Wird nicht ausgeführt
rules-invalid = Angehalten
rules-invalid-about = Die Regel wurde angehalten, weil sie nicht lesbar ist.
rules-invalid-next = { $why }. Bearbeiten Sie sie und lassen Sie sie wieder ausführen.
rules-walking = Alle werden gerade angesehen.
rules-walking-next =
    { $count ->
        [one] Bisher eine Person. Das geht ohne Sie weiter.
       *[other] Bisher { $count } Personen. Das geht ohne Sie weiter.
    }
rules-activate = Ausführen
rules-activate-effect = Jetzt werden alle angesehen, und künftig, wer sich ändert. Administratoren über Ihnen bleiben ausgenommen.
rules-deactivate = Anhalten
rules-deactivate-effect = Wen sie in Gruppen aufgenommen hat, bleibt dort, bis sie wieder ausgeführt wird.
rules-delete = Löschen
rules-delete-title = Regel { $rule } löschen
rules-delete-about = Ab jetzt meint sie niemanden mehr.
rules-delete-members = Wen sie in Gruppen aufgenommen hat,
rules-delete-keep = bleibt dort, wie von Hand aufgenommen
rules-delete-remove = verlässt sie, außer eine andere Regel oder eine Person hat ihn aufgenommen
rules-recent = Letzte Ereignisse
rules-form-lead = Eine neue Regel wird erst ausgeführt, wenn Sie es sagen.
rules-expression-hint = Zum Beispiel: user.department == "Sales" AND String.startsWith(user.title, "Head")
rules-wrong = Bei Zeichen { $at }: erwartet wird { $expected }.
rules-expected-argument = ein Komma und ein weiteres Argument
rules-expected-closed = eine schließende Klammer
rules-expected-comparable = etwas, das sich mit dem davor vergleichen lässt
rules-expected-end = AND, OR, ein Vergleich oder das Ende
rules-expected-escape = ein Anführungszeichen, ein Backslash, n oder t hinter dem Backslash
rules-expected-member = ein Feld des Profils, etwa user.department
rules-expected-opened = eine öffnende Klammer
rules-expected-operand = user. und ein Feld, Text in Anführungszeichen oder eines von { $functions }
rules-expected-quote = Text, dessen Anführungszeichen geschlossen ist
rules-expected-shallower = ein Ausdruck, der weniger tief verschachtelt ist
rules-expected-shorter = ein Ausdruck von höchstens { $most } Byte
rules-expected-text = Text
rules-expected-truth = etwas, das wahr oder falsch ist
rules-expected-verdict = ein Ausdruck, der wahr oder falsch ist
rules-try = Ausprobieren
rules-try-effect = Sagt, wen sie meint. Niemand wird bewegt.
rules-means =
    { $count ->
        [0] Sie meint niemanden.
        [one] Sie meint eine Person.
       *[other] Sie meint { $count } Personen.
    }
rules-means-so-far =
    { $count ->
        [0] Sie meint niemanden unter den ersten { $asked }.
        [one] Sie meint eine Person unter den ersten { $asked }.
       *[other] Sie meint { $count } Personen unter den ersten { $asked }.
    }
rules-sample = Darunter:
rules-groups-hint = Ihre Namen, jeder in einer eigenen Zeile.
rules-groups-stay = Die Gruppen einer Regel bleiben. Legen Sie für andere eine weitere Regel an.
rules-groups-missing = Nennen Sie mindestens eine Gruppe.
rules-excluded-hint = Ihre Anmeldenamen, jeder in einer eigenen Zeile.
rules-no-group = Es gibt keine Gruppe { $name }.
rules-nobody = Niemand hat den Anmeldenamen { $login }.
rules-name-taken = Eine andere Regel heißt so.
rules-name-wrong = Ein Name hat 1 bis 50 Zeichen in einer Zeile.
rules-group-has-roles = Eine Gruppe, die Administratorrollen gibt, wird nicht durch eine Regel gefüllt.
rules-group-is-everyone = In der eingebauten Gruppe sind schon alle; keine Regel füllt sie.
rules-is-active = Die Regel wird gerade ausgeführt.
rules-is-active-next = Halten Sie sie an, bevor Sie sie ändern.
