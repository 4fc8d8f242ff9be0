features-title = Funktionen
features-lead = Was diese Organisation eingeschaltet hat. Nur Hauptadministratoren können es ändern.
features-switch-on = Einschalten
features-switch-off = Ausschalten
features-on = An
features-off = Aus
features-recovery = Wiederherstellung am Desktop
features-recovery-about = Der Helpdesk kann eine Person ohne ihren Faktor für eine Weile in ihren eigenen Computer lassen, mit einer PIN, die er vorliest. Solange dies aus ist, hat der Schalter unter Sicherheit > Allgemein keine Wirkung, und Computer registrieren keine Wiederherstellungs-Geheimnisse.
