import { onInterrupt } from '#core/interruption'

/** Runs once: at the end of the work, or when a signal comes first. */
export function closing(close: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  const once = (): Promise<void> => {
    done ??= close()
    return done
  }
  const forget = onInterrupt(once)
  return async () => {
    await once()
    forget()
  }
}
