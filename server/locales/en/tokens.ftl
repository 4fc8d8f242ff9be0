tokens-title = API tokens
tokens-lead = Programs sign in with these. Make one with { $command }; it is shown once and kept only as a hash.
tokens-none = There are no tokens.
tokens-token = Token
tokens-owner = Acts as
tokens-made = Made
tokens-used = Last used
tokens-revoke = Revoke
