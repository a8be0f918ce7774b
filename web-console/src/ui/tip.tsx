import { useState, type ReactElement, type ReactNode } from 'react'
import { Button, Tooltip, TooltipTrigger } from 'react-aria-components'

/** A tip for a control without words. */
export function Tip({ text, children }: { text: string; children: ReactElement }) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Bubble text={text} />
    </TooltipTrigger>
  )
}

/** Something short that says more to whoever points at it, reaches it by Tab or touches it. */
export function Explained({ text, children }: { text: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <TooltipTrigger delay={300} closeDelay={0} isOpen={isOpen} onOpenChange={setOpen}>
      <Button onPress={() => setOpen(true)} className="inline-flex max-w-full cursor-default rounded-sm align-middle">
        {children}
      </Button>
      <Bubble text={text} />
    </TooltipTrigger>
  )
}

function Bubble({ text }: { text: string }) {
  return (
    <Tooltip offset={6} className="max-w-72 rounded-sm bg-ink px-2 py-1 text-xs text-surface shadow-pop">
      {text}
    </Tooltip>
  )
}
