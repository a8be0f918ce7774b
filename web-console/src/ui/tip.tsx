import type { ReactElement } from 'react'
import { Tooltip, TooltipTrigger } from 'react-aria-components'

/** A tip for a control without words. */
export function Tip({ text, children }: { text: string; children: ReactElement }) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Tooltip offset={6} className="max-w-72 rounded-sm bg-ink px-2 py-1 text-xs text-surface shadow-pop">
        {text}
      </Tooltip>
    </TooltipTrigger>
  )
}
