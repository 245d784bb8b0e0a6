"""The business questions and their answers.

A question is one file in `sql_queries/questions/`, and such a file is all that a question needs:
its statement returns the rows, its header holds the answer. The header's keys, of which only
`question` is required, beside `name`:

    question   the question, in words
    answer     the answer, a template (see `templates`); without it: the leading row
    order      its place among the questions, a number; without it: at the end
    group      music, listeners, money, time, places or catalogue; without it: other
    lead       the column whose greatest value leads; without it the first row leads
    tie        how `{ties}` names another row that shares the lead, a template
    needs      the column that must be above zero, or there is no answer
    empty      the answer when there are no rows, or none that counts
    coverage   what share of the data the answer rests on, a template; it may come out empty
    columns    the columns to show, each with its format: `song, plays:count`; without it: all,
               in formats that fit
    rows       how many rows to show at most; without it: 10
    chart      how the report draws it: `bar x=plays y=song,artist`, `line x=day y=plays
               mean=seven_day_mean`, `cohort x=week_1..week_8 y=first_week`, `heat x=hour
               y=monday..sunday` or `funnel x=listeners y=stage`; the length of a bar, the height
               of a line, the shade of a cell is a column in count, number or percent. Without it
               the report draws what the formats of the columns suggest
    personal   the columns that name a person, besides first_name and last_name; the report
               leaves them out
    note       what the answer cannot tell
    period     which part of time leaves the answer true: `window` (--since and --until), `as_of`
               (--until only: first plays, cohorts, changes) or `none`; without it: none
    level      whether it can be asked of one level: `yes` or `no`; without it: no

Columns that are not shown serve the sentences. One has a meaning of its own: `tied` is the number
of rows that share the lead, for statements that return only the first few of them.

Statements are portable text (see `sql_queries`). Where they subtract moments they first cut both
to whole seconds: `CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', moment)) AS BIGINT)` is the form
that gives the same number on every engine; EXTRACT alone keeps, rounds or drops the fraction.
Means are divisions of doubles: AVG over integers is an integer on Redshift.
"""

from .answers import (
    NO_PLAYS,
    PERSONAL,
    Answer,
    answered,
    ask,
    chosen,
    from_rows,
    narrowed,
    new_question,
    personal_columns,
    pick,
    questions,
)
from .period import NO_FILTERS, Filters, Wanted

__all__ = [
    "NO_FILTERS",
    "NO_PLAYS",
    "PERSONAL",
    "Answer",
    "Filters",
    "Wanted",
    "answered",
    "ask",
    "chosen",
    "from_rows",
    "narrowed",
    "new_question",
    "personal_columns",
    "pick",
    "questions",
]
