group-edit = Gruppe bearbeiten
group-everyone = In dieser Gruppe sind alle.
group-everyone-about = Sie kam mit der Organisation. Wer angelegt wird, ist sofort darin, und wer gelöscht wird, verlässt sie. Sie kann nicht geändert, gefüllt oder gelöscht werden; Rollen und Richtlinien können von ihr sprechen.
group-members = Mitglieder
group-no-members = In dieser Gruppe ist niemand.
group-add-who = Person
group-add = In die Gruppe aufnehmen
group-add-many = Oder mehrere
group-add-many-hint = Ein Anmeldename je Zeile. Heißt niemand so wie in einer davon, wird niemand aufgenommen.
group-add-unknown = So heißt niemand, darum wurde niemand aufgenommen: { $lines }. Berichtigen Sie die Zeilen oder nehmen Sie sie heraus.
group-add-too-many = Höchstens { $most } Zeilen auf einmal.
group-added = In der Gruppe
group-broken = Postern konnte nicht antworten.
group-not-tried = Nicht versucht
group-not-tried-next = Nichts wurde geändert; versuchen Sie es in einer Minute noch einmal.
group-remove = Aus der Gruppe nehmen
group-remove-title =
    { $count ->
        [one] Eine Person aus { $group } nehmen
       *[other] { $count } Personen aus { $group } nehmen
    }
group-remove-about = Sie verlieren, was die Gruppe ihnen gibt. Sie können wieder aufgenommen werden.
group-remove-effect = Verlässt die Gruppe; eine Regel, die sie füllt, lässt diese Person künftig aus.
group-removed = Nicht mehr in der Gruppe
group-restored = Wieder in der Gruppe
group-removed-so-many =
    { $count ->
        [one] Eine Person hat die Gruppe verlassen
       *[other] { $count } Personen haben die Gruppe verlassen
    }
group-hanging = Was an ihr hängt
group-roles = Rollen, die sie gibt
group-policies = Richtlinien, die von ihr sprechen
group-changed = Geändert
group-members-changed = Mitglieder geändert
group-owners = Verantwortliche
group-owners-about = Wer sich um die Gruppe kümmert. Das gibt kein Recht.
group-no-owners = Niemand ist genannt.
group-owner-person = Person
group-owner-group = Gruppe
group-own = Als verantwortlich nennen
group-own-person = Person
group-own-group = oder Gruppe
group-disown = Entfernen
group-recent = Letzte Ereignisse
group-nobody = So heißt niemand.
group-above = Das dürfen Sie nicht bei Personen, die über Ihnen stehen oder außerhalb Ihrer Reichweite sind.
group-name-wrong = Ein Name hat 1 bis 255 Zeichen in einer Zeile.
group-name-taken = Eine andere Gruppe heißt so.
group-description-long = Höchstens 1024 Zeichen.
group-delete = Löschen
group-delete-title = { $group } löschen
group-delete-held = Sie kann noch nicht gelöscht werden.
group-delete-held-next = Diese Richtlinien und Regeln sprechen von ihr. Ändern oder löschen Sie sie zuerst.
group-delete-people =
    { $count ->
        [0] Niemand ist in ihr.
        [one] Eine Person ist in ihr. Sie bleibt, ohne was die Gruppe gibt.
       *[other] { $count } Personen sind in ihr. Sie bleiben, ohne was die Gruppe gibt.
    }
group-delete-role = Ihre Mitglieder verlieren die Rolle { $role }.
group-delete-final = Das lässt sich nicht rückgängig machen.
