// Whose line is poor at present. The server says it of each party by itself; people are told one thing.
import type { CallView } from '@/live/protocol'

export type PoorAudio = 'agent' | 'customer' | 'both'

export function poorAudioOf(call: Pick<CallView, 'poor_audio'>): PoorAudio | null {
  const isAgents = call.poor_audio.includes('agent')
  const isCustomers = call.poor_audio.includes('customer')
  if (isAgents) return isCustomers ? 'both' : 'agent'
  return isCustomers ? 'customer' : null
}
