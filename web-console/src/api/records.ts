// Records of the REST door beside those that the live floor carries. Shapes as the server's description has them.
import type { CallSummary, Customer, Interaction, Priority, Schemas, TicketLine, TicketState, TicketType } from './types'

/** An entry that names the version that it is; a save gives it back. */
export type Versioned<T> = T & { version: number }

export interface DraftPhone {
  number: string
  label: string
}

/** A customer as it shall be. */
export interface CustomerDraft {
  name: string
  organisation: string | null
  document: string | null
  segment: string
  language: string | null
  phones: DraftPhone[]
  emails: Customer['emails']
  products: Customer['products']
  notes: string
}

export type MatchReason = 'document' | 'email' | 'phone_and_name' | 'phone'

export interface LikelyDuplicate {
  customer: Customer
  reason: MatchReason
}

export interface ImportReport {
  is_dry_run: boolean
  rows: number
  taken: number
  duplicates: number
  wrong: number
  columns: Array<{ field: string; heading: string }>
  ignored_columns: string[]
  preview: ImportRow[]
  error_file?: string | null
}

export interface ImportRow {
  line: number
  name: string
  problem?: string | null
}

export interface TicketEntry {
  at: string
  /** A user's key, `customer` or `system`. */
  author: string
  /** `comment` or `move`. */
  kind: string
  text: string
  is_public: boolean
}

/** A ticket with all that its page shows. */
export interface TicketView extends TicketLine {
  description: string
  disposition?: string | null
  is_internal: boolean
  solved_at?: string | null
  /** States that it can go to now. */
  moves: TicketState[]
  entries: TicketEntry[]
  interactions: Interaction[]
}

export interface OpenTicket {
  type: TicketType
  subject: string
  description: string
  priority: Priority
  customer: string | null
  queue: string | null
  owner: string | null
  disposition: string | null
  is_internal: boolean
}

export type TicketCommand =
  | { do: 'move'; to: TicketState; reason: string }
  | { do: 'assign'; owner: string | null }
  | { do: 'change'; subject?: string; type?: TicketType; priority?: Priority; queue?: string; customer?: string; disposition?: string }
  | { do: 'comment'; text: string; is_public: boolean }

export interface CallLine extends CallSummary {
  customer_name?: string | null
  disposition?: string | null
}

export interface CallDetails extends CallLine {
  events: Array<Schemas['EventRecord']>
  notes?: string | null
}
