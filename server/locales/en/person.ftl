person-no-computers = { $person } has not signed in at a protected computer yet.
person-computers-caption = Computers of { $person }
person-recent = Latest about { $person }
person-contacts = Ways to reach them
person-contacts-about = A number or address that is new deserves doubt: call back on an older one.
person-contact-since = Since { $when }, { $source }
person-contact-until = Until { $when }, { $source }
person-contact-source = by { $by } ({ $source })
person-email = E-mail
person-mobile-phone = Mobile phone
person-phone = Phone
person-second-email = Second e-mail
person-no-factors = { $person } has no factor. Without one nobody passes a second step.
person-factor-active = Active
person-account = Account
person-locked = This account is locked.
person-locked-next =
    { $count ->
        [one] There was a failure. Right answers are refused until { $until }.
       *[other] There were { $count } failures in a row. Right answers are refused until { $until }.
    }
person-locked-for-good =
    { $count ->
        [one] There was a failure. Right answers are refused until somebody unlocks the account.
       *[other] There were { $count } failures in a row. Right answers are refused until somebody unlocks the account.
    }
person-locked-since = Right answers are refused until { $until }.
person-roles = Roles
person-none = None
person-groups = Groups
person-password-set = Password set
person-created = Created
person-id = Id
person-unlock = Unlock { $person }
person-unlock-effect = They can try again at once.
person-unsuspend = Unsuspend { $person }
person-unsuspend-effect = They can sign in again.
person-activate = Activate { $person }
person-activate-effect = They can sign in.
person-suspend = Suspend { $person }
person-suspend-effect = Signs them out; no sign-in and no recovery PIN until they are unsuspended.
person-deactivate = Deactivate { $person }
person-deactivate-effect = Ends the account: signs them out and revokes their API tokens.
person-done-activate = { $person } is being activated
person-done-deactivate = { $person } is deactivated
person-done-expire-password = { $person } chooses a new password at the next sign-in
person-done-reactivate = { $person } was sent a new link
person-done-reset-password = The password of { $person } is reset
person-done-sign-out = { $person } is signed out everywhere
person-done-suspend = { $person } is suspended
person-done-unlock = { $person } is unlocked
person-done-unsuspend = { $person } is unsuspended
person-done-recorded = It stands in the record, with your name.
person-tabs = Pages about { $person }
person-overview = Overview
person-factor-off = Not allowed now
person-factor-goes = It counts no more.
person-factor-remove = Remove from { $person }: { $name }
person-factor-remove-about = They are signed out everywhere and told by mail.
person-factors-own = Your own factors are looked after in your account.
person-reset-sessions =
    { $count ->
        [one] They are signed out of the place where they are signed in.
       *[other] They are signed out of the { $count } places where they are signed in.
    }
person-reset-signins =
    { $count ->
        [one] A sign-in that is under way ends, whatever was proved in it.
       *[other] { $count } sign-ins that are under way end, whatever was proved in them.
    }
person-reset-browsers =
    { $count ->
        [one] A browser for which the second step was remembered is asked again.
       *[other] { $count } browsers for which the second step was remembered are asked again.
    }
person-reset-links =
    { $count ->
        [one] A link that was sent to them stops working.
       *[other] { $count } links that were sent to them stop working.
    }
person-codes-none = None.
person-codes-make = Make backup codes for { $person }
person-codes-about = Ten codes, each for one use where an app code counts. They are shown to you, once: hand them over only when you have made sure who it is.
person-codes-told = They are told by mail.
person-codes-made = Backup codes of { $person }
person-codes-made-about = They are shown this once. Hand them over and keep none.
person-done-factor-removed = A factor of { $person } is removed
