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
bulk-back = Back to the devices
