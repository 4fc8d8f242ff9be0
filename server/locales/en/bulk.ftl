bulk-act-activate = Activate
bulk-act-unsuspend = Unsuspend
bulk-act-suspend = Suspend
bulk-act-deactivate = Deactivate
bulk-title-activate =
    { $count ->
        [one] Activate one computer
       *[other] Activate { $count } computers
    }
bulk-title-unsuspend =
    { $count ->
        [one] Unsuspend one computer
       *[other] Unsuspend { $count } computers
    }
bulk-title-suspend =
    { $count ->
        [one] Suspend one computer
       *[other] Suspend { $count } computers
    }
bulk-title-deactivate =
    { $count ->
        [one] Deactivate one computer
       *[other] Deactivate { $count } computers
    }
bulk-about-activate = People can register there again. Suspending takes it back.
bulk-about-unsuspend = Recovery PINs can be made for them again. Suspending takes it back.
bulk-about-suspend = No recovery PIN can be made for them until they are unsuspended.
bulk-about-deactivate = This cannot be taken back: everybody must register at them anew.
bulk-effect-activate = Becomes active
bulk-effect-unsuspend = Recovery PINs are possible again
bulk-effect-suspend = No recovery PINs until it is unsuspended
bulk-effect-deactivate = Everybody is unlinked; its secrets and PINs stop counting
bulk-unchanged = Its state does not allow it: nothing changes
bulk-back = Back to: { $list }
bulk-people-act-new-link = Send a new link
bulk-people-act-unlock = Unlock
bulk-people-act-unsuspend = Unsuspend
bulk-people-act-sign-out = Sign out everywhere
bulk-people-act-suspend = Suspend
bulk-people-act-deactivate = Deactivate
bulk-people-title-new-link =
    { $count ->
        [one] Send one person a new link
       *[other] Send { $count } people a new link
    }
bulk-people-title-unlock =
    { $count ->
        [one] Unlock one person
       *[other] Unlock { $count } people
    }
bulk-people-title-unsuspend =
    { $count ->
        [one] Unsuspend one person
       *[other] Unsuspend { $count } people
    }
bulk-people-title-sign-out =
    { $count ->
        [one] Sign one person out everywhere
       *[other] Sign { $count } people out everywhere
    }
bulk-people-title-suspend =
    { $count ->
        [one] Suspend one person
       *[other] Suspend { $count } people
    }
bulk-people-title-deactivate =
    { $count ->
        [one] Deactivate one person
       *[other] Deactivate { $count } people
    }
bulk-people-about-new-link = They are mailed a link to choose a password. Links before it stop working.
bulk-people-about-unlock = They may try to sign in again at once.
bulk-people-about-unsuspend = They may sign in again, with the password and factors that they had.
bulk-people-about-sign-out = Every session ends; they can sign in again.
bulk-people-about-suspend = They are signed out; no sign-in and no recovery PIN until they are unsuspended.
bulk-people-about-deactivate = Their accounts end: signed out, API tokens revoked. To let them in again they must be activated anew.
bulk-people-effect-new-link = Gets a new link by mail
bulk-people-effect-unlock = May sign in again
bulk-people-effect-unsuspend = May sign in again
bulk-people-effect-sign-out = Every session ends
bulk-people-effect-suspend = Is signed out and shut out
bulk-people-effect-deactivate = The account ends
