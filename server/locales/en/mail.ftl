mail-hello = Hello { $name },
mail-issued-subject = A recovery PIN was made for you
mail-issued =
    A recovery PIN was made for you and the computer { $computer }. It lets you in for a while.

    If you asked for this, there is nothing to do.

    If this was not you, open this link; the PIN is taken back and your administrators are told:
    { $link }
mail-used-subject = A recovery PIN was used in your name
mail-used =
    The computer { $computer } was opened with a recovery PIN in your name.

    If this was you, there is nothing to do.

    If this was not you, open this link; the PIN is taken back and your administrators are told:
    { $link }
mail-linked-subject = A computer was linked with your account
mail-linked =
    The computer { $computer } is now linked with your account at { $address }: the help desk can make recovery PINs for you there. { $how }

    If this is not your computer, tell your administrator now.
mail-linked-claimed = The computer says that you use it; no second factor was shown.
mail-linked-factor = Your second factor was shown there.
mail-factors-subject = What you sign in with has changed
mail-factors =
    { $what }

    If this was not you, tell your administrator now.
mail-factor-added = The passkey "{ $name }" can now be used to sign in as you.
mail-factor-removed = This can no longer be used to sign in as you: { $factor }.
mail-factor-enrolled = This can now be used to sign in as you: { $factor }.
mail-backup-codes-made = A new set of backup codes was made for you; those before are void.
mail-backup-codes-void = Your backup codes are void.
mail-code-subject = Your code at { $org }
mail-code =
    Your code at { $org }:

    { $code }

    It works once, for { $minutes ->
        [one] one minute
       *[other] { $minutes } minutes
    }. Give it to nobody: no one of { $org } will ask you for it.

    If you did not ask for a code, somebody may know your password: tell your help desk.
mail-reset-sms = { $code } is your code to choose a new password at { $org }. If you did not ask for it, do nothing and tell nobody.
mail-reset-call = This is { $org }. Your code to choose a new password is: { $digits }. Once more: { $digits }. If you did not ask for it, hang up and tell nobody.
mail-unlock-sms = { $code } is your code to unlock your account at { $org }. If you did not ask for it, do nothing and tell nobody.
mail-unlock-call = This is { $org }. Your code to unlock your account is: { $digits }. Once more: { $digits }. If you did not ask for it, hang up and tell nobody.
mail-code-sms = { $code } is your verification code at { $org }.
mail-code-call = This is { $org }. Your verification code is: { $digits }. Once more: { $digits }. Goodbye.
mail-alert-subject = Look at this now: { $what }
mail-alert =
    { $what }.

    Computer: { $computer }
    Event: { $event }

    Look at the record: { $record }
mail-alert-of-a-person =
    { $what }.

    Computer: { $computer }
    Person: { $person } ({ $login })
    Event: { $event }

    Look at the record: { $record }
mail-suspected =
    { $what }.

    Person: { $person } ({ $login })
    Event: { $event }

    They are signed out everywhere else. Call them, and look at the record: { $record }
mail-limit =
    { $what }.

    Limit: { $limit }
    Event: { $event }

    Look at the record: { $record }

    This is said once an hour at most.
mail-welcome-subject = Your account at { $org }
mail-welcome =
    An account at { $org } was made for you. Your name to sign in is { $login }.

    Open this link and choose a password; it works once, until { $until }:
    { $link }

    If you did not expect this, do nothing.
mail-reset-subject = Choose a new password at { $org }
mail-reset =
    Open this link to choose a new password for { $login } at { $org }; it works once, until { $until }:
    { $link }

    If you did not ask for this, do nothing, and tell your help desk if it happens again. Nobody gets in by this message alone.
mail-unlock-subject = Unlock your account at { $org }
mail-unlock =
    Open this link to unlock the account { $login } at { $org }; it works once, until { $until }:
    { $link }

    Your password stays as it is. If you did not ask for this, do nothing, and tell your help desk if it happens again. Nobody gets in by this message alone.
mail-unlocked-subject = Your account was unlocked
mail-unlocked = The lock of your account was ended by you. Your password is the same.
mail-password-changed-subject = Your password was changed
mail-password-changed = The password of your account was changed.
mail-password-set-for-subject = An administrator set your password
mail-password-set-for = An administrator set another password for your account.
mail-factors-reset-subject = Your second factors were reset
mail-factors-reset = An administrator took every second factor from your account. You will be asked to set up a new one.
mail-decided =
    { $what }

    If you know nothing of it, tell your help desk now. Your account: { $address }
mail-account-changed-subject = Your account was changed
mail-account-changed =
    This was changed of your account at { $org }: { $changed }.

    If you know nothing of it, tell your help desk now.
mail-changed-email = your e-mail address
mail-changed-login = your name to sign in
mail-changed-question = your recovery question
mail-changed-second-email = your second e-mail address
mail-deactivated-subject = The account of { $person } has ended
mail-deactivated = You ended the account of { $person } ({ $login }): it is signed out, and its API tokens are revoked.
mail-password-ended-subject = Your password at { $org } was switched off
mail-password-ended =
    { $count } wrong passwords in a row were given for your account. So your password was switched off: nobody gets in by it any more, you neither.

    To choose another one, ask for it where you sign in, or call your help desk.
mail-locked-subject = Your account at { $org } is locked { $until }
mail-locked =
    A wrong password or code was given for your account several times in a row. So the account is locked { $until }; meanwhile even the right password and code are refused.

    If that was you: wait, or call your help desk, who can unlock it.
    If it was not you: tell your help desk. Your password may be known to somebody.
mail-strangers-subject = Somebody guesses at your password at { $org }
mail-strangers =
    From a browser that never signed you in, wrong passwords or codes were given for your account several times in a row. So such browsers are shut out { $until }; the browsers that you use go on working.

    If that was you at a new browser: use one that you signed in with before, wait, or call your help desk.
    If it was not you, there is nothing that you have to do.
mail-until = until { $until }
mail-until-unlocked = until an administrator unlocks the account
mail-recovered =
    { $what }

    If nobody told you to expect this, call your help desk.
mail-recovered-app = An operator set up a new authenticator app for your account.
mail-recovered-everything = An operator gave your account a new password and a new authenticator app. Every other factor was removed.
mail-case-opened-subject = Somebody at the help desk is helping "you"
mail-case-opened =
    Case { $number } was opened for your account: somebody told our help desk that you cannot sign in.

    If you are talking with the help desk now, ask them for the case's word. They must be able to say: { $word }
mail-case-acted-subject = Your account was changed by the help desk
mail-case-acted =
    In case { $number } the help desk did this for your account: { $action }.
mail-case-enrolled-subject = You can sign in again: what was done
mail-case-enrolled =
    Case { $number } is over: a new factor was set up for your account. In the case the help desk did this: { $actions }. All of it stands in your organisation's record.

    Make backup codes now, and keep them where you keep your passport; with them you need nobody the next time: { $page }
mail-case-lapsed-subject = Your account is suspended
mail-case-lapsed = Nobody set up a new factor for your account in time after case { $number }. So that nobody comes in by your password alone, the account is suspended. Call the help desk: they go on with the case.
mail-case-with-link =
    { $text }

    If this was not you, say so here, or call the help desk yourself:

    { $link }
mail-case-shut-subject = Your account is shut: somebody else may have come in
mail-case-shut =
    After case { $number } somebody else came into your account, or may have. It is suspended, and every session, ticket and PIN of it has ended.

    Come to your help desk, or call them yourself. They give the account back only to somebody whom two people know, or who stands there.
mail-case-manager-subject = Somebody of yours cannot sign in: is it them?
mail-case-manager =
    { $person } ({ $login }), or somebody who says to be them, asked the help desk for a way back in. Speak with them, on a number that you know: are they the one who asks? The help desk can tell you the number of the case: { $number }.

    Answer in your account:

    { $page }
mail-case-escalated-subject = A recovery case was handed to your role
mail-case-escalated =
    Case { $number } is about { $person } ({ $login }). Whoever led it handed it on: somebody of your role must take it.

    { $page }
mail-case-incident =
    In case { $number } the wrong person was let in, or may have been: { $person } ({ $login }).

    { $page }
mail-case-action-end-sessions = signed out everywhere
mail-case-action-generate-codes = new backup codes
mail-case-action-note = a note
mail-case-action-recovery-pin = a recovery PIN for a computer
mail-case-action-reset-factor = one factor removed
mail-case-action-reset-factors = every factor removed
mail-case-action-suspend = account suspended
mail-case-action-temporary-password = a temporary password
mail-case-action-use-backup-code = a backup code of your own
