// Records of the REST door beside those that the live floor carries. Shapes as the server's description has them.
import type { Schemas } from './types'

/** An entry that names the version that it is; a save gives it back. */
export type Versioned<T> = T & { version: number }

export type DraftPhone = Required<Schemas['DraftPhone']>

/** A customer as it shall be: all that the form holds, nothing left to a default. */
export type CustomerDraft = Required<Omit<Schemas['CustomerDraft'], 'phones'>> & { phones: DraftPhone[] }

export type LikelyDuplicate = Schemas['LikelyDuplicate']

export type ImportReport = Schemas['ImportReport']

export type ImportRow = Schemas['ImportRow']

export type TicketEntry = Schemas['EntryView']

/** A stretch of a ticket's thread. */
export type ThreadView = Schemas['ThreadView']

/** A ticket with all that its page shows. */
export type TicketView = Schemas['TicketView']

/** A ticket as it shall be opened; the call that it came of is named by the wrap-up. */
export type OpenTicket = Required<Omit<Schemas['OpenTicket'], 'call'>>

/** What a page may ask of a ticket; the others come of calls and timers. */
export type TicketCommand = Exclude<Schemas['TicketCommand'], { do: 'add_call' | 'timer_due' | 'state_timer_due' }>

/** A move that the workflow holds, and what holds it back. */
export type MoveOption = Schemas['MoveOption']

/** The workflow of tickets with its text. */
export type WorkflowView = Schemas['WorkflowView']

export type Workflow = Schemas['Workflow']

export type WorkflowMistake = Schemas['WorkflowMistake']

/** A field that the workflow adds to tickets. */
export type FieldRule = Schemas['FieldRule']

export type Department = Schemas['Department']

/** What two changed alike, with both values. */
export type FieldConflict = Schemas['FieldConflict']

export type CallLine = Schemas['CallLine']

/** A promise to call somebody, as it stands. */
export type CallbackView = Schemas['CallbackView']

/** Something to be done beside calls, as lists show it. */
export type WorkItem = Schemas['WorkItem']

/** Something to be done beside calls, as it stands. */
export type WorkItemView = Schemas['WorkItemView']

export type CallDetails = Schemas['CallDetails']

/** One decision who gets a call, and what came of it. */
export type RoutedCall = Schemas['RoutedCall']

/** What is kept of a call's SIP messages. */
export type Signalling = Schemas['Signalling']

export type RecordingEntry = Schemas['RecordingEntry']

/** A recording as a picture. */
export type RecordingOutline = Schemas['Outline']

export type SignallingMessage = Schemas['SignallingMessage']
