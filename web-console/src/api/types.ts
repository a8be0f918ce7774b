// Short names for the generated schema, so that nobody else has to know its shape.
import type { components } from './schema'

export type Schemas = components['schemas']
export type Customer = Schemas['Customer']
export type CustomerSnapshot = Schemas['CustomerSnapshot']
export type Interaction = Schemas['Interaction']
export type TicketLine = Schemas['TicketLine']
export type TicketType = Schemas['TicketType']
export type TicketState = Schemas['TicketState']
export type Priority = Schemas['Priority']
export type ClockView = Schemas['ClockView']
export type CallSummary = Schemas['CallSummary']
export type Queue = Schemas['Queue']
export type AgentProfile = Schemas['AgentProfile']
export type Disposition = Schemas['Disposition']
export type PauseReason = Schemas['PauseReason']
export type SharedPrompt = Schemas['SharedPrompt']
export type PublishedLine = Schemas['PublishedLine']

/** A page of a list: `next` is the cursor of the following page. */
export interface Page<T> {
  items: T[]
  next?: string | null
}
