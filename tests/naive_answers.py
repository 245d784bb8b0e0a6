"""Every business question a second time: naive plain Python over the tables as lists of rows.

No SQL, no engine, nothing of the product. `ANSWERS` gives for each question a function from the
tables to the rows of its statement, all columns, in their order.
"""

from __future__ import annotations

import naive_listeners
import naive_plays
from naive_tables import Question

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
    )
}
