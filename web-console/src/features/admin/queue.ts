import type { Queue } from '@/api/types'

/** A queue as it is sent: nothing where nobody wrote anything. */
export function tidyQueue(queue: Queue): Queue {
  const number = queue.caller_number?.replaceAll(/[\s()./-]/g, '') ?? ''
  return {
    ...queue,
    name: queue.name.trim(),
    caller_number: number === '' ? null : number,
    script: Object.fromEntries(Object.entries(queue.script).filter(([, text]) => text.trim() !== '')),
  }
}
