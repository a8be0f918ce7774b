// The words of `/ws/console`, from the generated schema. The only file that touches the generated socket types.
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type ClientMessage = Schemas['ClientMessage']
export type ConsoleCommand = Schemas['ConsoleCommand']
export type ServerMessage = Schemas['ServerMessage']
export type ServerEnvelope = Schemas['ServerEnvelope']
export type Hello = Schemas['Hello']
export type CallView = Schemas['CallView']
export type ParkedCall = Schemas['ParkedCall']
export type ConferencePartyView = Schemas['ConferencePartyView']
export type CallState = Schemas['CallState']
export type RecordingView = Schemas['RecordingView']
export type RecordingAsked = Schemas['RecordingAsked']
export type AgentView = Schemas['AgentView']
export type Presence = Schemas['Presence']
export type WantedPresence = Schemas['WantedPresence']
export type TransferTarget = Schemas['TransferTarget']
export type ConsultTarget = Schemas['ConsultTarget']
export type AudioState = Schemas['AudioState']
export type EndCause = Schemas['EndCause']
export type Refusal = Schemas['Refusal']
export type CommandProblem = Schemas['CommandProblem']
export type Board = Schemas['Board']
export type BoardQueue = Schemas['BoardQueue']
export type TrunkView = Schemas['TrunkView']
export type QueueCounts = Schemas['QueueCounts']
export type CustomerSnapshot = Schemas['CustomerSnapshot']
export type TicketLine = Schemas['TicketLine']
export type EventRecord = Schemas['EventRecord']
export type WebPhoneClientMessage = Schemas['WebPhoneClientMessage']
export type WebPhoneServerMessage = Schemas['WebPhoneServerMessage']

/** A frame as an envelope, or `undefined` when it is none: then the connection is not worth trusting. */
export function parseEnvelope(text: string): ServerEnvelope | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  const { n, t } = json as { n?: unknown; t?: unknown }
  return typeof n === 'number' && typeof t === 'string' ? (json as ServerEnvelope) : undefined
}

/** A frame of the web phone's socket. */
export function parseWebPhoneMessage(text: string): WebPhoneServerMessage | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null && 't' in json ? (json as WebPhoneServerMessage) : undefined
  } catch {
    return undefined
  }
}
