// What opens above the page: menus and panels. The buttons that open them are here from the start; what they open comes right
// after the page is painted, long before anybody wants it. Focus goes back to where it came from when they close.
import { useEffect, useId, useRef, useState, type ReactElement, type ReactNode } from 'react'
import { ButtonContext, type ButtonProps, type PopoverProps } from 'react-aria-components'
import { useStore } from 'zustand'
import { createStore } from 'zustand/vanilla'
import type { BadgeTone } from './badge'

export interface MenuEntry {
  text: string
  /** The colour of a dot before the text. */
  dot?: BadgeTone
  /** Where it leads; an entry that does something has `onAction`. */
  href?: string
  onAction?: () => void
  testId?: string
}

export interface MenuPart {
  title: string
  entries: readonly MenuEntry[]
}

/** Where the focus is when a menu opens: on itself, or on its first or last entry. */
export type MenuFocus = true | 'first' | 'last'

/** By the pointer the menu itself is focused, by keys its first entry or, with the upward arrow, its last. */
export function Menu({ trigger, label, parts, placement = 'bottom start' }: { trigger: ReactElement; label: string; parts: readonly MenuPart[]; placement?: PopoverProps['placement'] }) {
  const [focus, setFocus] = useState<MenuFocus | null>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  const bodies = useBodies(focus !== null)
  const onKeyDown: ButtonProps['onKeyDown'] = (event) => {
    if (event.key === 'ArrowDown') setFocus('first')
    else if (event.key === 'ArrowUp') setFocus('last')
    else return event.continuePropagation()
    event.preventDefault()
  }
  return (
    <>
      <ButtonContext
        value={{
          ref: button,
          'aria-haspopup': 'menu',
          'aria-expanded': focus !== null,
          'aria-controls': focus !== null ? id : undefined,
          onPress: ({ pointerType }) => setFocus(pointerType === 'keyboard' || pointerType === 'virtual' ? 'first' : true),
          onKeyDown,
        }}
      >
        {trigger}
      </ButtonContext>
      {focus !== null && bodies && <bodies.MenuBody id={id} button={button} label={label} parts={parts} placement={placement} focus={focus} onClose={() => setFocus(null)} />}
    </>
  )
}

/** A small panel at its trigger. It is not modal: with the keypad open one click still hangs up. `children` may be a function that gets `close`. */
export function PopoverPanel({
  trigger,
  label,
  children,
  placement = 'bottom',
  className,
  isOpen: isOpenThere,
  onOpenChange,
}: {
  trigger: ReactElement
  label: string
  children: ReactNode | ((close: () => void) => ReactNode)
  placement?: PopoverProps['placement']
  className?: string
  isOpen?: boolean
  onOpenChange?: (isOpen: boolean) => void
}) {
  const [isOpenHere, setOpenHere] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  const isOpen = isOpenThere ?? isOpenHere
  const bodies = useBodies(isOpen)
  const setOpen = (wanted: boolean) => {
    setOpenHere(wanted)
    onOpenChange?.(wanted)
  }
  const close = () => setOpen(false)
  return (
    <>
      <ButtonContext value={{ ref: button, 'aria-expanded': isOpen, 'aria-controls': isOpen ? id : undefined, onPress: () => setOpen(!isOpen) }}>{trigger}</ButtonContext>
      {isOpen && bodies && (
        <bodies.PanelBody id={id} button={button} label={label} placement={placement} className={className} onClose={close}>
          {typeof children === 'function' ? children(close) : children}
        </bodies.PanelBody>
      )}
    </>
  )
}

type Bodies = typeof import('./overlay-bodies')
const bodiesStore = createStore<Bodies | null>(() => null)

/** Where they could not be loaded, whatever opens next tries again. */
function useBodies(isWanted: boolean): Bodies | null {
  const bodies = useStore(bodiesStore)
  const isHere = bodies !== null
  useEffect(() => {
    if (!isHere) void loadBodies().catch(() => {})
  }, [isHere, isWanted])
  return bodies
}

async function loadBodies(): Promise<void> {
  bodiesStore.setState(await import('./overlay-bodies'), true)
}
