"""Every business question a second time: naive plain Python over the tables as lists of rows.

No SQL, no engine, nothing of the product. `ANSWERS` gives for each question a function from the
tables to the rows of its statement, all columns, in their order.

A new question needs none to pass the tests: then they only compare the engines with each other. Who
adds one writes its name into `SHIPPED`, too; a question that stands there can lose neither its
statement nor its second answer unnoticed.
"""

from __future__ import annotations

import naive_events
import naive_listeners
import naive_plays
from naive_tables import Question

SHIPPED = (
    *("top_songs", "busiest_hours", "paying_listeners", "level_changes", "returning_listeners"),
    *("leaving_listeners", "stickiness", "session_length", "top_artists", "listening_by_level"),
    *("listener_places", "busiest_weekdays", "top_fans_share", "catalogue_match"),
    *("loyal_listeners", "devices", "decades", "time_to_paying", "daily_plays", "gender"),
    *("replays", "unplayed_songs", "hours_served", "skips", "shared_listeners", "new_listeners"),
    *("first_songs", "rising_artists", "listening_week", "paying_funnel"),
    *("tenure", "cancellations", "browsers", "operating_systems", "regions", "errors_and_help"),
    *("before_upgrading", "weekend_listeners", "songs_between_homes", "artists_by_gender"),
    *("thumbs", "adverts", "friends_and_playlists"),
)
"""The questions that are part of the product, in their order."""

ANSWERS: dict[str, Question] = {
    function.__name__: function
    for function in (
        naive_plays.top_songs,
        naive_plays.busiest_hours,
        naive_listeners.paying_listeners,
        naive_listeners.level_changes,
        naive_listeners.returning_listeners,
        naive_listeners.leaving_listeners,
        naive_listeners.stickiness,
        naive_listeners.session_length,
        naive_plays.top_artists,
        naive_listeners.listening_by_level,
        naive_plays.listener_places,
        naive_plays.busiest_weekdays,
        naive_listeners.top_fans_share,
        naive_plays.catalogue_match,
        naive_listeners.loyal_listeners,
        naive_plays.devices,
        naive_plays.decades,
        naive_listeners.time_to_paying,
        naive_plays.daily_plays,
        naive_listeners.gender,
        naive_plays.replays,
        naive_plays.unplayed_songs,
        naive_plays.hours_served,
        naive_plays.skips,
        naive_plays.shared_listeners,
        naive_listeners.new_listeners,
        naive_plays.first_songs,
        naive_plays.rising_artists,
        naive_plays.listening_week,
        naive_listeners.paying_funnel,
        naive_events.tenure,
        naive_events.cancellations,
        naive_plays.browsers,
        naive_plays.operating_systems,
        naive_plays.regions,
        naive_events.errors_and_help,
        naive_events.before_upgrading,
        naive_listeners.weekend_listeners,
        naive_events.songs_between_homes,
        naive_events.artists_by_gender,
        naive_events.thumbs,
        naive_events.adverts,
        naive_events.friends_and_playlists,
    )
}
