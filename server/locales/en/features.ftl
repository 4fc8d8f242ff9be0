features-title = Features
features-lead = What this organisation has switched on. Only a super administrator can change it.
features-switch-on = Switch on
features-switch-off = Switch off
features-on = On
features-off = Off
features-recovery = Desktop MFA recovery
features-recovery-about = The help desk can let a person without their factor into their own computer for a while, by a PIN that it reads out. While this is off, the switch under Security > General has no effect and computers register no recovery secrets.
