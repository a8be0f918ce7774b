import { useCallback, useState } from 'react'
import { failureText } from '@/api/problem-text'
import { live } from '@/live/console'
import type { ConsoleCommand } from '@/live/protocol'
import { showToast } from '@/ui'

/** Sends commands; a failure becomes a sentence on screen. Pending until the server has answered. */
export function useCommand(): { run: (command: ConsoleCommand) => Promise<boolean>; isPending: boolean } {
  const [pending, setPending] = useState(0)
  const run = useCallback(
    async (command: ConsoleCommand) => {
      setPending((count) => count + 1)
      const failure = await live.command(command)
      setPending((count) => count - 1)
      if (failure) showToast({ tone: 'bad', text: failureText(failure) })
      return failure === null
    },
    [],
  )
  return { run, isPending: pending > 0 }
}
