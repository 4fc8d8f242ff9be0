rules-title = Group rules
rules-lead = A rule puts everybody whom its expression means into its groups, and takes them out when it no longer means them.
rules-new = New rule
rules-edit = Edit the rule
rules-rule = Rule
rules-name = Name
rules-state = State
rules-expression = Whom it means
rules-groups = Groups that it fills
rules-excluded = People whom it never means
rules-none = There are no rules.
rules-none-next = Groups are filled by hand until a rule fills them.
rules-active = Carried out
rules-inactive = Not carried out
rules-invalid = Stopped
rules-invalid-about = The rule was stopped, because it cannot be read.
rules-invalid-next = { $why }. Edit it, and have it carried out again.
rules-walking = Everybody is being looked at.
rules-walking-next =
    { $count ->
        [one] One person so far. This goes on without you.
       *[other] { $count } people so far. This goes on without you.
    }
rules-activate = Carry it out
rules-activate-effect = Everybody is looked at now, and whoever changes from now on. Administrators above you are left out.
rules-deactivate = Stop it
rules-deactivate-effect = Whoever it put into groups stays there until it is carried out again.
rules-delete = Delete
rules-delete-title = Delete the rule { $rule }
rules-delete-about = It means nobody any more from now on.
rules-delete-members = Those whom it put into groups
rules-delete-keep = stay there, as if put there by hand
rules-delete-remove = leave, unless another rule or a person put them there
rules-recent = Latest events
rules-form-lead = A new rule is not carried out before you say so.
rules-expression-hint = For example: user.department == "Sales" AND String.startsWith(user.title, "Head")
rules-wrong = At character { $at }: expected { $expected }.
rules-expected-argument = a comma and another argument
rules-expected-closed = a closing bracket
rules-expected-comparable = something that can be compared with what stands before
rules-expected-end = AND, OR, a comparison or the end
rules-expected-escape = a quote, a backslash, n or t behind the backslash
rules-expected-member = a member of a profile, such as user.department
rules-expected-opened = an opening bracket
rules-expected-operand = user. and a member, text in quotes, or one of { $functions }
rules-expected-quote = text whose quote is closed
rules-expected-shallower = an expression that nests less deeply
rules-expected-shorter = an expression of at most { $most } bytes
rules-expected-text = text
rules-expected-truth = something that is true or false
rules-expected-verdict = an expression that is true or false
rules-try = Try it
rules-try-effect = Says whom it means. Nobody is moved.
rules-means =
    { $count ->
        [0] It means nobody.
        [one] It means one person.
       *[other] It means { $count } people.
    }
rules-means-so-far =
    { $count ->
        [0] It means nobody among the first { $asked }.
        [one] It means one person among the first { $asked }.
       *[other] It means { $count } people among the first { $asked }.
    }
rules-sample = Among them:
rules-groups-hint = Their names, each on a line of its own.
rules-groups-stay = The groups of a rule stay. Make another rule for others.
rules-groups-missing = Name at least one group.
rules-excluded-hint = Their sign-in names, each on a line of its own.
rules-no-group = There is no group { $name }.
rules-nobody = Nobody has the sign-in name { $login }.
rules-name-taken = Another rule has this name.
rules-name-wrong = A name has 1 to 50 characters on one line.
rules-group-has-roles = A group that gives administrator roles is not filled by a rule.
rules-group-is-everyone = Everybody is in the built-in group already; no rule fills it.
rules-is-active = The rule is being carried out.
rules-is-active-next = Stop it before you change it.
