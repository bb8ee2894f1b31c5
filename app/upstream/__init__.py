"""Asks xkcd.com and its server of images, politely."""
