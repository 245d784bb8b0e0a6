"""The pages of Sparkify and how listeners move between them: eventsim's example configuration."""

from __future__ import annotations

from typing import Literal

Level = Literal["free", "paid"]
Auth = Literal["Guest", "Logged Out", "Logged In", "Cancelled"]
Chances = dict[str, float]

PLAY = "NextSong"

REDIRECTS = (
    *("Cancel", "Login", "Logout", "Save Settings"),
    *("Submit Downgrade", "Submit Registration", "Submit Upgrade"),
)
"""Pages that only pass on to another one, a second later."""

AUTH_AFTER: dict[str, Auth] = {
    "Login": "Logged In",
    "Logout": "Logged Out",
    "Submit Registration": "Logged In",
    "Cancel": "Cancelled",
}
LEVEL_AFTER: dict[str, Level] = {"Submit Upgrade": "paid", "Submit Downgrade": "free"}
"""What leaving a page changes."""

# Guests are not in the published logs: their chances are guesses.
_GUEST: dict[str, Chances] = {
    "Home": {"Register": 0.30, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
    "Register": {"Submit Registration": 0.70, "Home": 0.10, "Help": 0.02, "Error": 0.001},
    "Submit Registration": {"Home": 1.0},
    "About": {"Register": 0.30, "Home": 0.30, "Help": 0.05},
    "Help": {"Register": 0.30, "Home": 0.30, "About": 0.05},
    "Error": {"Home": 0.30},
}
_LOGGED_OUT: dict[Level, dict[str, Chances]] = {
    "free": {
        "Home": {"Login": 0.50, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
        "Login": {"Home": 0.999},
        "Help": {"Login": 0.50, "Home": 0.30, "Help": 0.10, "Error": 0.003},
        "About": {"Login": 0.40, "Home": 0.30, "About": 0.075, "Error": 0.001},
        "Error": {"Home": 0.30},
    },
    "paid": {
        "Home": {"Login": 0.30, "Home": 0.10, "About": 0.10, "Help": 0.05, "Error": 0.001},
        "Login": {"Home": 0.999},
        "Help": {"Login": 0.03, "Home": 0.20, "Help": 0.10, "Error": 0.003},
        "About": {"Login": 0.10, "Home": 0.30, "About": 0.10, "Error": 0.001},
        "Error": {"Home": 0.30},
    },
}
_RARE: Chances = {"About": 0.002, "Error": 0.001}
_LOGGED_IN: dict[Level, dict[str, Chances]] = {
    "free": {
        PLAY: {PLAY: 0.50, "Home": 0.02, "Logout": 0.02, "Upgrade": 0.01, "Help": 0.005}
        | {"Settings": 0.005} | _RARE,
        "Home": {PLAY: 0.60, "Settings": 0.02, "Home": 0.01, "Upgrade": 0.01, "Logout": 0.01}
        | {"Help": 0.002} | _RARE,
        "Upgrade": {PLAY: 0.325, "Submit Upgrade": 0.30, "Home": 0.10, "Upgrade": 0.07}
        | {"Logout": 0.01, "Help": 0.006} | _RARE,
        "Submit Upgrade": {"Home": 1.0},
        "Settings": {PLAY: 0.30, "Save Settings": 0.20, "Home": 0.10, "Settings": 0.10}
        | {"Help": 0.05, "Upgrade": 0.01, "Logout": 0.01, "Cancel": 0.005} | _RARE,
        "Save Settings": {"Home": 0.65, "Settings": 0.10},
        "Help": {PLAY: 0.32, "Home": 0.20, "Help": 0.10, "Settings": 0.05, "Upgrade": 0.01}
        | {"Logout": 0.01} | _RARE,
        "About": {PLAY: 0.30, "Home": 0.20, "About": 0.05, "Upgrade": 0.01, "Logout": 0.01}
        | {"Help": 0.01, "Error": 0.001},
        "Error": {PLAY: 0.30, "Home": 0.10, "Help": 0.01, "Logout": 0.01} | _RARE,
        "Logout": {"Home": 1.0},
        "Cancel": {"Cancellation Confirmation": 0.999},
    },
    "paid": {
        PLAY: {PLAY: 0.925, "Home": 0.02, "Downgrade": 0.01, "Logout": 0.01, "Help": 0.005}
        | {"Settings": 0.005} | _RARE,
        "Home": {PLAY: 0.85, "Settings": 0.02, "Downgrade": 0.01, "Home": 0.01, "Logout": 0.01}
        | {"Help": 0.002} | _RARE,
        "Downgrade": {PLAY: 0.63, "Home": 0.10, "Downgrade": 0.07, "Submit Downgrade": 0.01}
        | {"Logout": 0.01, "Help": 0.006} | _RARE,
        "Submit Downgrade": {"Home": 0.999},
        "Settings": {PLAY: 0.60, "Save Settings": 0.20, "Help": 0.05, "Home": 0.05}
        | {"Settings": 0.05, "Downgrade": 0.01, "Logout": 0.01, "Cancel": 0.005} | _RARE,
        "Save Settings": {"Home": 0.80, "Settings": 0.10},
        "Help": {PLAY: 0.75, "Home": 0.10, "Help": 0.05, "Settings": 0.02, "Downgrade": 0.01}
        | {"Logout": 0.01} | _RARE,
        "About": {PLAY: 0.40, "Home": 0.20, "About": 0.05, "Downgrade": 0.01, "Logout": 0.01}
        | {"Help": 0.01, "Error": 0.001},
        "Error": {PLAY: 0.20, "Home": 0.10, "Help": 0.01, "Logout": 0.01} | _RARE,
        "Logout": {"Home": 0.999},
        "Cancel": {"Cancellation Confirmation": 0.999},
    },
}  # fmt: skip
FIRST: dict[tuple[Auth, Level], Chances] = {
    ("Guest", "free"): {"Home": 100, "Register": 30, "About": 20, "Help": 10, "Error": 5},
    ("Logged Out", "free"): {"Home": 1000, "Login": 500, "Help": 10, "About": 10, "Error": 1},
    ("Logged Out", "paid"): {"Home": 1000, "Login": 500, "Help": 10, "About": 10, "Error": 1},
    ("Logged In", "free"): {PLAY: 1500, "Home": 1000, "Help": 10, "About": 5, "Error": 1},
    ("Logged In", "paid"): {PLAY: 1750, "Home": 1000, "Help": 5, "About": 5, "Error": 1},
}
"""Weights of the pages on which a session begins."""

TRANSITIONS: dict[tuple[Auth, Level], dict[str, Chances]] = {
    ("Guest", "free"): _GUEST,
    ("Logged Out", "free"): _LOGGED_OUT["free"],
    ("Logged Out", "paid"): _LOGGED_OUT["paid"],
    ("Logged In", "free"): _LOGGED_IN["free"],
    ("Logged In", "paid"): _LOGGED_IN["paid"],
    ("Cancelled", "free"): {"Cancellation Confirmation": {}},
    ("Cancelled", "paid"): {"Cancellation Confirmation": {}},
}
"""How likely which page follows on a page; what is missing from 1 ends the session."""
