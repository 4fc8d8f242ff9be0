step-up-title = Show that it is you
step-up-about = { $act }: this needs a code that is at most 5 minutes old. What you typed is kept.
step-up-code = Code of your app
step-up-code-hint = Six digits. You are not asked again for 5 minutes.
step-up-locked = This account is locked until { $until }.
step-up-nothing = You have no factor. A super administrator can set one up for you.
step-up-sign-in = Sign in again to go on.
step-up-wait = There were { $limit }. Until { $until } right codes are refused too.
