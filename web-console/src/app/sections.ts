// The sections of the console: what stands in the rail and where the palette goes.
import { ChartNoAxesColumn, Headphones, MonitorDot, PhoneCall, PhoneForwarded, Settings, Ticket, Users, Voicemail, type LucideIcon } from 'lucide-react'
import { isSupervisor, type Session } from '@/api/session'

interface Section {
  to: string
  key: 'desk' | 'customers' | 'tickets' | 'calls' | 'callbacks' | 'work' | 'live' | 'reports' | 'admin'
  icon: LucideIcon
  isFor: (session: Session) => boolean
}

/** In the order of the rail. */
export const SECTIONS: readonly Section[] = [
  { to: '/desk', key: 'desk', icon: Headphones, isFor: (session) => session.agent != null },
  { to: '/customers', key: 'customers', icon: Users, isFor: () => true },
  { to: '/tickets', key: 'tickets', icon: Ticket, isFor: () => true },
  { to: '/calls', key: 'calls', icon: PhoneCall, isFor: () => true },
  { to: '/callbacks', key: 'callbacks', icon: PhoneForwarded, isFor: () => true },
  { to: '/work', key: 'work', icon: Voicemail, isFor: () => true },
  { to: '/live', key: 'live', icon: MonitorDot, isFor: (session) => isSupervisor(session.role) },
  { to: '/reports', key: 'reports', icon: ChartNoAxesColumn, isFor: (session) => isSupervisor(session.role) },
  { to: '/admin', key: 'admin', icon: Settings, isFor: (session) => session.role === 'administrator' },
]
