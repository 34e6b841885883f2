"""The keys of the pseudonyms: the keyring file and the commands that change it."""
