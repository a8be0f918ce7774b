import type { LucideIcon } from 'lucide-react'
import type { Findable } from './match'

/** A line of the palette. */
export interface Entry extends Findable {
  id: string
  icon: LucideIcon
  detail?: string
  run: () => void
}
