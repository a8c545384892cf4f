"""Every command of `hub`: what lists say of it, and where it is. In the order in which they are shown."""

from __future__ import annotations

from workers.commands.loading import Entry

LINK = {
    "preview": Entry("Show what a calendar would bring, and what it clashes with.", "previews:preview"),
    "list": Entry("All links: how they stand, and what is to be done about it.", "links:list_"),
    "guarded": Entry(
        "What channels no longer tell and is not free yet: why, and when it is free by itself.",
        "guards:guarded",
    ),
    "release": Entry("Free what waits on a link now, or some of it: the channel is right.", "guards:release"),
    "keep": Entry(
        "Keep what waits on a link, or some of it, until its channel tells it again: the channel is wrong.",
        "guards:keep",
    ),
    "pause": Entry("Read a link's calendar no more; what it holds stays taken.", "guards:pause"),
    "resume": Entry("Read a link's calendar again, beginning now.", "guards:resume"),
}

CONFLICTS = {
    "show": Entry("Both sides of a conflict, and what can be done about it now.", "conflicts:show"),
    "resolve": Entry(
        "Take one of its ways out; where nothing more is said, the first that is offered of that kind.",
        "conflicts:resolve",
    ),
}

RUNS = {
    "show": Entry("How a run stands, with what changed and what failed.", "runs:show"),
    "watch": Entry("Follow a run to its end; workers do it.", "runs:watch"),
    "cancel": Entry("End a run: what waits is given up, what is at work ends by itself.", "runs:cancel"),
    "resume": Entry("Have what was cancelled of a run wait again.", "runs:resume"),
    "retry": Entry("Sync what failed of a run once more.", "runs:retry"),
    "undo": Entry(
        "Undo what a sync changed; of a run of many links, each that changed something, the latest first.",
        "undoing:undo",
    ),
}

ALERTS = {
    "test": Entry("Send a test to the webhook and by mail, as the settings say.", "alerts:test"),
}

KEYS = {
    "rotate": Entry(
        "Seal everything anew, while the hub works: new data keys, under the first of HUB_ENCRYPTION_KEYS.",
        "keys:rotate",
    ),
}

PRIVACY = {
    "export": Entry("Print everything about one person, as JSON.", "privacy:export"),
    "erase": Entry("Forget one person: their key is destroyed, bookings and books stay.", "privacy:erase"),
}

USER = {
    "add": Entry("Let somebody sign in; who has an account already keeps its password.", "people:add"),
    "list": Entry("Everybody who may act for an organization, and as what.", "people:list_"),
    "deactivate": Entry(
        "Take somebody's access to an organization, a super_admin's too, and sign them out of it.",
        "people:deactivate",
    ),
    "unlock": Entry("Let somebody try again at once who failed to sign in too often.", "people:unlock"),
}

KEY = {
    "add": Entry("Make a key and print it, once.", "machines:add"),
    "list": Entry("Show keys that were not revoked, and when each was last used.", "machines:list_"),
    "revoke": Entry("Take a key's rights for good; it counts within a minute.", "machines:revoke"),
}

HUB = Entry(
    "A self-hosted hub that keeps calendars, bookings and channels in agreement.",
    commands={
        "up": Entry(
            "Run all of it on this machine: servers, migrations, web, worker, puller, beat.", "running:up"
        ),
        "web": Entry("Run the web server alone; servers and schema must be there.", "serving:web"),
        "worker": Entry(
            "Run a worker alone: HUB_WORKER_CONCURRENCY processes for all that must be done in time.",
            "serving:worker",
        ),
        "puller": Entry(
            "Run a puller alone: HUB_PULL_CONCURRENCY threads that read channels' calendars.",
            "serving:puller",
        ),
        "beat": Entry("Run beat alone: it keeps the timetable.", "serving:beat"),
        "migrate": Entry("Bring the database to the schema of this version.", "preparing:migrate"),
        "seed": Entry("Fill the hub with something to try things on.", "preparing:seed"),
        "doctor": Entry("Say what is missing or wrong, and how to get it right.", "reports:doctor"),
        "sync": Entry("Sync calendars now.", "syncs:sync"),
        "seen": Entry(
            "Say which channels have seen a booking, and which calendars of its units were read when.",
            "seen:seen",
        ),
        "health": Entry("How all links do, the worst first, and what each property has.", "health:health"),
        "mail": Entry(
            "Show the mails that are kept until they can be sent, newest first; with an id, all of that one.",
            "mails:mail",
        ),
        "backup": Entry(
            "Write the database, without its keys, and the keys apart; both encrypted.", "backups:backup"
        ),
        "restore": Entry("Fill an empty hub from a backup.", "restores:restore"),
        "link": Entry("Links to channels' calendars.", commands=LINK),
        "conflicts": Entry(
            "Where channels and bookings claim the same time, and the ways out.",
            "conflicts:conflicts",
            commands=CONFLICTS,
        ),
        "runs": Entry("Syncs: the latest, or one of them.", "runs:runs", commands=RUNS),
        "alerts": Entry(
            "What somebody must look after: stale and failing links, guards, conflicts, a silent beat.",
            "alerts:alerts",
            commands=ALERTS,
        ),
        "keys": Entry("The keys of what is stored.", commands=KEYS),
        "privacy": Entry("What is known of one person.", commands=PRIVACY),
        "user": Entry("People who may sign in.", commands=USER),
        "key": Entry("API keys of machines.", commands=KEY),
    },
)
