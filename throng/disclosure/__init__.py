"""An outsider's attack on published tables: which hidden cells can be worked out?"""
