tokens-title = API-Token
tokens-lead = Damit melden sich Programme an. Stellen Sie eines mit { $command } aus; es wird ein Mal gezeigt und nur als Hash aufbewahrt.
tokens-none = Es gibt keine Token.
tokens-token = Token
tokens-owner = Handelt als
tokens-made = Ausgestellt
tokens-used = Zuletzt benutzt
tokens-revoke = Widerrufen
