/**
 * Shapes that come over the wire, version 1, as callq/wire/messages fixes them. Times are Unix
 * milliseconds, unknown is null, unknown fields are to be ignored. Types only: nothing runs here.
 */

/** @typedef {"waiting"|"called"|"serving"|"held"|"missed"|"done"|"abandoned"|"cancelled"|"expired"} TicketState */
/** @typedef {"closed"|"idle"|"calling"|"serving"|"paused"} WindowState */
/** @typedef {"ordinary"|"appointment"|"priority"} TicketClass */
/** @typedef {{p50_s: number|null, low_s: number|null, high_s: number|null}} Wait */
/** @typedef {{open: boolean, until_ms: number|null, closed: string|null, reason: string, reason_en: string, next_ms: number|null}} Ticketing */
/** @typedef {{since_ms: number, reason: string, reason_en: string}} Suspended */
/** @typedef {{policy: "void"|"second_call"|"k_back", k: number, minutes: number, max: number}} Rejoin */

/** @typedef {"paper_out"|"cover_open"|"offline"|"error"|""} Fault */
/** @typedef {{printer: string, copy: number, state: "pending"|"printed"|"failed"|"unknown", fault: Fault}} Print */
/** @typedef {{id: string, name: string, name_en: string, zone: string, fault: Fault}} PrinterNow */
/** @typedef {{id: string, service: string, slot_ms: number, slot_end_ms: number, state: string, person: {name: string}|null}} BookingRow */

/**
 * @typedef {Object} Ticket
 * @property {string} id
 * @property {string} number
 * @property {string} service
 * @property {TicketClass} class
 * @property {string|null} item the matter of its present step
 * @property {string} channel
 * @property {TicketState} state
 * @property {number} issued_ms
 * @property {number} first_arrival_ms
 * @property {string|null} returned how it came back: missed, transfer, hold
 * @property {number} calls
 * @property {number} party
 * @property {number} cases
 * @property {number|null} called_ms
 * @property {number|null} started_ms
 * @property {string|null} window
 * @property {string[]} traits
 * @property {Print|null} [print] null: it was never to be printed
 * @property {Object<string, string>} [links]
 * @property {number|null} [ahead] null unless waiting
 * @property {Wait|null} [wait] null unless waiting
 * @property {number|null} [held_until_ms]
 * @property {number|null} [missed_ms]
 * @property {string|null} [come_back_until]
 * @property {string|null} [hold_kind]
 * @property {{steps: {service: string, state: string}[], current: number}|null} [visit]
 * @property {{window?: string, clerk?: string}|null} [bound] who alone may call it
 * @property {number|null} [prechecked_ms]
 * @property {number|null} [accompanied_ms]
 */

/**
 * @typedef {Object} Window
 * @property {string} id
 * @property {string} label
 * @property {WindowState} state
 * @property {boolean} open
 * @property {boolean} draining
 * @property {boolean} pause_after
 * @property {string|null} pause_reason
 * @property {string|null} clerk
 * @property {string|null} ticket
 * @property {number|null} since_ms
 * @property {number|null} opens_ms
 */

/**
 * @typedef {Object} Place
 * @property {string} hall
 * @property {string} name
 * @property {string} name_en
 * @property {string} timezone
 * @property {string|null} zone
 * @property {string} zone_name
 * @property {string} zone_name_en
 * @property {string} zone_place
 * @property {string} zone_place_en
 * @property {string} windows
 */

/**
 * @typedef {Object} BoardCall
 * @property {string} number
 * @property {string} window
 * @property {string} label
 * @property {number} at_ms
 * @property {number} calls
 * @property {TicketState} state
 * @property {string} service
 * @property {string} service_name
 * @property {string} service_name_en
 * @property {string} directions
 * @property {string} directions_en
 * @property {string} zone
 * @property {string} zone_name
 * @property {string} zone_name_en
 * @property {string} zone_place
 * @property {string} zone_place_en
 */

/**
 * @typedef {Object} BoardWaiting
 * @property {string} service
 * @property {string} name
 * @property {string} name_en
 * @property {string} prefix
 * @property {number} count
 * @property {Ticketing} [ticketing]
 */
/** @typedef {{number: string, service: string, at_ms: number}} BoardMissed */

/**
 * @typedef {Object} Notice
 * @property {string|null} id null: it stands in the hall file
 * @property {string} text
 * @property {string} text_en
 * @property {"ordinary"|"urgent"} kind
 * @property {string[]} zones
 * @property {number|null} since_ms
 * @property {number|null} until_ms
 */
/** @typedef {{url: string, kind: "picture"|"video"}} ScreenMedia */
/**
 * @typedef {Object} ScreenLayout
 * @property {("recent"|"waiting"|"missed"|"media")[]} blocks
 * @property {number|null} recent
 * @property {string} accent
 * @property {string} logo
 * @property {ScreenMedia[]} media
 * @property {number} picture_s
 */

/**
 * @typedef {Object} Board
 * @property {Place} place
 * @property {BoardCall[]} calls newest first, each ticket at most once
 * @property {BoardWaiting[]} waiting in hall order
 * @property {BoardMissed[]} missed newest first
 * @property {number} missed_shown_min
 * @property {Rejoin} [rejoin] of a missed number
 * @property {Suspended|null} [suspended]
 * @property {Notice[]} notices urgent ones first
 * @property {ScreenLayout} screen
 * @property {number} server_ms
 */

/** @typedef {{id: string, label: string, state: WindowState, staffed: boolean, number: string|null}} BoardWindow */

/**
 * @typedef {Object} EntranceService
 * @property {string} service
 * @property {string} name
 * @property {string} name_en
 * @property {string} prefix
 * @property {string} zone
 * @property {string} zone_name
 * @property {string} zone_name_en
 * @property {string} zone_place
 * @property {string} zone_place_en
 * @property {string} windows
 * @property {number} working
 * @property {number} count
 * @property {Wait} wait
 * @property {Ticketing} ticketing
 * @property {string[]} examples
 * @property {string} theme
 * @property {string} theme_en
 * @property {string} everyday
 * @property {boolean} bookable
 * @property {boolean} needs_precheck
 */
/** @typedef {{code: string, name: string, name_en: string, place: string, place_en: string, windows: BoardWindow[]}} EntranceZone */
/**
 * @typedef {Object} Entrance
 * @property {Place} place
 * @property {EntranceService[]} services in hall order
 * @property {EntranceZone[]} zones
 * @property {Rejoin} rejoin
 * @property {{phone: string, address: string}} contact
 * @property {UnresolvedDesk|null} unresolved
 * @property {Suspended|null} suspended
 * @property {Notice[]} notices urgent ones first
 * @property {ScreenLayout} screen
 * @property {number} server_ms
 */
/** @typedef {{service: string, windows: string, zone_name: string, zone_name_en: string, zone_place: string, zone_place_en: string, directions: string, directions_en: string}} UnresolvedDesk */
/** @typedef {{code: string, name: string, name_en: string, service: string, channels: string[]}} Item */

/**
 * @typedef {Object} Strip
 * @property {string} window
 * @property {string} label
 * @property {string} line1
 * @property {string} line2
 * @property {string} line2_en
 * @property {string|null} number
 * @property {string} service_name
 * @property {string} service_name_en
 * @property {number} calls
 * @property {WindowState} state
 * @property {number|null} opens_ms
 * @property {Suspended|null} suspended
 * @property {string} timezone
 * @property {string} accent
 * @property {RatingCall|null} rating
 * @property {number} server_ms
 */

/** @typedef {{code: string, name: string, name_en: string}} RatingReason */

/**
 * @typedef {Object} RatingCall who can rate at a window now
 * @property {string} ticket
 * @property {string} number
 * @property {number} step
 * @property {number} before ratings of completions of the step that were taken back
 * @property {string} service_name
 * @property {string} service_name_en
 * @property {number} asked_ms
 * @property {number} until_ms too late from then on
 * @property {number} phone_h
 * @property {number} bad levels up to this are asked for reasons
 * @property {RatingReason[]} reasons
 */

/**
 * @typedef {Object} TicketRating what the holder of a ticket can rate
 * @property {{step: number, before: number, service_name: string, service_name_en: string, until_ms: number}[]} steps
 * @property {number} rated
 * @property {number} bad
 * @property {RatingReason[]} reasons
 */

/** @typedef {{kind: "reached"|"not_reached"|"closed"|"reopened", at_ms: number, by: string, by_name: string, text: string}} CaseAct */

/**
 * @typedef {Object} Case a bad rating that somebody looks after
 * @property {string} id
 * @property {string} number
 * @property {string} day
 * @property {string} service_name
 * @property {string} service_name_en
 * @property {string} window_label
 * @property {string} clerk_name
 * @property {number} level
 * @property {RatingReason[]} reasons
 * @property {string} text
 * @property {"window"|"phone"} rated_at
 * @property {number} opened_ms
 * @property {number} due_ms
 * @property {"open"|"called_back"|"closed"} state
 * @property {number} tried
 * @property {CaseAct[]} acts
 * @property {{by: string, by_name: string, at_ms: number, until_ms: number}|null} taken who calls back, until then
 * @property {number|null} undone_ms when the completion that was rated was taken back
 */

/**
 * @typedef {Object} CasesView
 * @property {Place} place
 * @property {Case[]} cases
 * @property {number} closed
 * @property {{done: number, rated: number, levels: number[]|null}} ratings
 * @property {{attempts: number, keep_days: number, acts: number}} rules
 * @property {number} server_ms
 */

/**
 * @typedef {Object} TicketView what the holder of a ticket needs to know
 * @property {Ticket} ticket
 * @property {string} service_name
 * @property {string} service_name_en
 * @property {Place} place of the window's zone while called or served, else of the zone to wait in
 * @property {{phone: string, address: string}} contact
 * @property {string|null} window_label
 * @property {string} directions
 * @property {string} directions_en
 * @property {TicketState} state
 * @property {Rejoin} rejoin
 * @property {Suspended|null} suspended
 * @property {string|null} stopped
 * @property {string} stopped_en
 * @property {TicketRating|null} [rating]
 * @property {number} server_ms
 */

/**
 * @typedef {Object} Announcement
 * @property {string} id
 * @property {string} number
 * @property {string} window
 * @property {string} text
 * @property {TicketState} state
 * @property {number} from_ms its turn
 * @property {number} until_ms end of its turn
 * @property {number} expires_ms not to be begun any more
 * @property {string} audio_url
 */

/**
 * @typedef {Object} Announcements
 * @property {string[]} room zones that take turns
 * @property {Announcement[]} announcements in the order of their turns
 * @property {{from_ms: number, volume: number}[]} volumes percent, oldest first
 */

/**
 * @typedef {Object} Queue
 * @property {string} service
 * @property {string} name
 * @property {string} name_en
 * @property {string} prefix
 * @property {TicketClass} class
 * @property {number} count
 * @property {string|null} head
 * @property {number|null} head_since_ms
 * @property {number} target_s
 */

/**
 * @typedef {Object} LaneWhy
 * @property {string} service
 * @property {TicketClass} class
 * @property {string} head
 * @property {number} waited_s
 * @property {number} count
 * @property {number|null} index
 * @property {number|null} late
 * @property {number|null} pressure
 * @property {string} note
 * @property {number|null} target_min
 */
/**
 * @typedef {Object} Why
 * @property {string} rule
 * @property {LaneWhy[]} lanes
 * @property {string} by what settled it other than the policy; empty: nothing did
 * @property {string} reason of a call out of turn
 * @property {string} text
 * @property {string} text_en
 */
/**
 * @typedef {Object} LeftTo somebody whom the window could call, but leaves to a better clerk
 * @property {string} service
 * @property {TicketClass} class
 * @property {string} number
 * @property {string} by id of the window that leaves it
 * @property {string} window id
 * @property {string} label
 * @property {number} level
 * @property {number|null} until_ms null: while the hall is suspended
 * @property {string} text
 * @property {string} text_en
 */
/**
 * @typedef {Object} Step
 * @property {number} at_ms
 * @property {"issued"|"called"|"recalled"|"started"|"held"|"transferred"|"completed"|"missed"|"abandoned"|"cancelled"|"expired"} what
 * @property {string|null} [window]
 * @property {string|null} [clerk]
 * @property {string|null} [channel]
 */

/**
 * @typedef {Object} PanelTicket
 * @property {Ticket} ticket
 * @property {string} service_name
 * @property {string} service_name_en
 * @property {string} item_name empty: not known
 * @property {string} item_name_en
 * @property {number} target_s
 * @property {number} waited_s
 * @property {Why|null} why
 * @property {Step[]} history
 * @property {number|null} may_recall_ms from when a recall is accepted; null when the limit is reached
 * @property {number} calls_left
 * @property {number} calls_before_miss
 * @property {Companion|null} [companion] the helper who comes along
 * @property {Precheck|null} [precheck] what the desk found
 */

/**
 * @typedef {Object} LastTicket
 * @property {string} number
 * @property {string} service_name
 * @property {string} service_name_en
 * @property {TicketState} state
 * @property {number} at_ms
 * @property {number|null} handling_s
 * @property {boolean} completed_here it was completed here: its holder can be asked for a rating, whether it gave one is not told
 */
/**
 * @typedef {Object} HeldTicket
 * @property {string} id
 * @property {string} number
 * @property {string} service_name
 * @property {"without_papers"|"with_papers"|"waiting"} kind
 * @property {number} since_ms
 * @property {number|null} due_ms
 * @property {boolean} mine
 */
/** @typedef {{act: "call"|"miss"|"complete", ticket: string, number: string, until_ms: number}} Undoable */
/** @typedef {{since_ms: number|null, done: number, missed: number, mean_s: number|null}} ClerkDay */
/** @typedef {{id: string, name: string, busy_at: string|null}} Option */

/**
 * @typedef {Object} Panel
 * @property {Window} window
 * @property {string} window_name
 * @property {string} window_name_en
 * @property {{id: string, name: string, name_en: string, timezone: string, practice: boolean}} hall
 * @property {{id: string, name: string}|null} clerk
 * @property {{id: string, name: string}|null} trainee who sits beside
 * @property {{id: string, name: string}[]} learners who may sit beside whoever is signed in
 * @property {PanelTicket|null} current
 * @property {PanelTicket|null} next
 * @property {LeftTo[]} left_to
 * @property {Queue[]} queues
 * @property {LastTicket|null} last
 * @property {HeldTicket[]} held
 * @property {Undoable|null} undo
 * @property {{since_ms: number}|null} help asked for and not answered yet
 * @property {{number: string, asked_ms: number}|null} rating whose rating was asked for
 * @property {Suspended|null} suspended
 * @property {ClerkDay|null} today
 * @property {Option[]} clerks
 * @property {{recall_gap_s: number, max_calls: number, min_calls_before_miss: number}} rules
 * @property {number} server_ms
 */

/**
 * @typedef {Object} Problem
 * @property {string} code
 * @property {number} [status]
 * @property {string} [title]
 * @property {string} [detail]
 * @property {string} [hint]
 * @property {string} [state]
 * @property {number} [revision]
 * @property {number} [retry_ms]
 */

/**
 * @typedef {Object} Answer an accepted command: the HTTP answer
 * @property {true} ok
 * @property {number} revision
 * @property {Window} [window]
 * @property {Ticket|null} [ticket]
 * @property {LeftTo[]} [left_to] after a `call_next` that called nobody
 */
/** @typedef {{ok: false, problem: Problem}} Refusal */

/** @typedef {{id: string, code: string, service?: string, class?: TicketClass, window?: string, since_ms?: number, from_ms?: number,
 *   severe_ms?: number, severe?: boolean, count?: number, clerks?: string[]}} FloorWarning */
/** @typedef {{code: string, name: string, name_en: string, prefix: string, working: number, ticketing: Ticketing}} ServiceNow */
/** @typedef {{code: string, name: string, name_en: string, place: string, place_en: string}} ZoneInfo */
/** @typedef {{code: string, service: string|null, window: string|null, text: string, text_en: string}} PlanReason */
/** @typedef {{windows: number, services: string[], short_before: number|null, short_after: number|null,
 *   wait_before_min: number|null, wait_after_min: number|null}} PlanEffect */
/** @typedef {{id: string, made_ms: number, until_ms: number|null, by: string|null, open: string[], stay: string[], close: string[],
 *   drain: string[], leaving: string[], leave: number, skills: {window: string, skills: string[]|null}[],
 *   reasons: PlanReason[], effect: PlanEffect, cost_h: number}} Plan */

/**
 * @typedef {Object} Tides
 * @property {"off"|"advise"|"automatic"} mode
 * @property {boolean} by_hand
 * @property {number} beta
 * @property {number|null} minute_ms
 * @property {number} there
 * @property {{lead_min: number, windows: number}[]} needs
 * @property {{from_ms: number, open: number, needed: number}[]} past
 * @property {{from_ms: number, windows: number, planned: number}[]} day
 * @property {{window: string, opens_ms: number}[]} opening
 * @property {Plan|null} in_force
 * @property {Plan|null} proposal
 */

/**
 * @typedef {Object} Device
 * @property {string} id
 * @property {string} kind
 * @property {string} name
 * @property {string} place
 * @property {string|null} window
 * @property {"ok"|"fault"|"silent"|"unknown"} state
 * @property {number|null} since_ms
 * @property {number|null} last_seen_ms
 * @property {{code: string, text: string, text_en: string, todo: string, todo_en: string}[]} faults
 * @property {string} version
 * @property {string} todo
 * @property {string} todo_en
 * @property {{order: "test"|"restart"|"resend", state: "given"|"done"|"failed"|"lapsed", ended_ms: number|null, error: string}|null} order
 */
/** @typedef {{id: string|null, text: string, text_en: string, until_ms: number|null}} FloorNotice `id` null: of the hall file */

/** @typedef {Window & {kind: string, zone: string, active_skills: string[], trainee: string|null, opens_ms: number|null}} FloorWindow */

/**
 * @typedef {Object} Floor
 * @property {Place} place
 * @property {FloorWindow[]} windows
 * @property {Option[]} clerks
 * @property {Queue[]} queues
 * @property {ServiceNow[]} services
 * @property {Suspended|null} suspended
 * @property {boolean} day_closed
 * @property {Object<string, string>} seconded
 * @property {Tides} plan
 * @property {{waiting: number, late: number, mean_since_ms: number|null, serving: number, issued: number, priority: number,
 *   done: number, missed: number}} totals
 * @property {ZoneInfo[]} zones
 * @property {FloorWarning[]} warnings
 * @property {{waiting: number, waiting_severe: number, late_severe: number, unstaffed_min: number, serving_min: number,
 *   paused_min: number}} thresholds
 * @property {string} config_digest
 * @property {{done: number, rated: number, levels: number[]|null}|null} ratings
 * @property {{open: number, called_back: number, due_ms: number[]}|null} cases
 * @property {Device[]} [devices]
 * @property {FloorNotice[]} [notices]
 * @property {{window: string, label: string, clerk: string, reason: string, since_ms: number}[]} [help]
 * @property {PriorityShare} [priority_share]
 * @property {Prechecks} [prechecks]
 * @property {Accompanied[]} [accompanied]
 * @property {number} server_ms
 */

// The desk

/** @typedef {{by: string, helper: string, since_ms: number}} Companion */
/** @typedef {{by: string, helper: string, at_ms: number, missing: string[]}} Precheck */
/** @typedef {{text: string, text_en: string, hint: string, hint_en: string}} Check */
/** @typedef {EntranceService & {checks: Check[]}} DeskService */
/** @typedef {{id: string, label: string, zone: string, state: WindowState, staffed: boolean, services: string[]}} DeskWindow */
/** @typedef {{granted: number, issued: number, limit_percent: number|null, most: number|null, most_next: number|null, over: "supervisor"|"refuse"}} PriorityShare */
/** @typedef {{passed: number, lacking: number, services: {service: string, passed: number, lacking: number}[]}} Prechecks */
/** @typedef {{ticket: string, number: string, service: string, state: TicketState, window: string|null, by: string, helper: string, since_ms: number}} Accompanied */

/**
 * @typedef {Object} Desk
 * @property {Place} place
 * @property {DeskService[]} services
 * @property {DeskWindow[]} windows
 * @property {Option[]} clerks
 * @property {PriorityShare} priority_share
 * @property {Prechecks} prechecks
 * @property {Accompanied[]} accompanied
 * @property {PrinterNow[]} printers
 * @property {boolean} items whether the hall has matters to look for
 * @property {Suspended|null} suspended
 * @property {boolean} day_closed
 * @property {string} config_digest
 */

/**
 * @typedef {Object} Found
 * @property {Ticket} ticket
 * @property {{name: string, id_last4: string, phone_last4: string}|null} person
 * @property {Companion|null} companion
 * @property {Precheck|null} precheck
 * @property {Check[]} checks what is looked at for its service and its matter
 * @property {boolean} granted whether staff granted its class
 */

export {};
