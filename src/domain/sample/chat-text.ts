import { PRODUCTS } from './catalogue.ts'
import type { Random } from './random.ts'

/** A topic: what the user opens with, and lines of both sides that fit it. */
interface Topic {
  weight: number
  open: readonly string[]
  user: readonly string[]
  support: readonly string[]
}

const TOPICS: readonly Topic[] = [
  {
    weight: 30,
    open: [
      'Hi, I ordered {product} on {day} and it has not arrived yet. Can you check?',
      'Where is my parcel? The order number is {number}.',
    ],
    user: [
      'The tracking page still says "label created", nothing else.',
      'It is a birthday present, so it has to be here by {day}.',
      'The address is right, I checked the confirmation mail twice.',
    ],
    support: [
      'I can see it: the parcel left our warehouse on {day} and is with the carrier.',
      'The carrier had a delay in your area, it should reach you by {day}.',
      'I have asked the carrier to look for it and noted it on order {number}.',
    ],
  },
  {
    weight: 22,
    open: [
      'The seam of {product} came open after two days. What can we do?',
      'Hello! {product} arrived with one eye missing :-(',
    ],
    user: [
      'I can send photos if that helps.',
      'I would rather have a new one than the money back.',
      'We washed it by hand, as the label says, never in the machine.',
    ],
    support: [
      'I am sorry, that should not happen. Would you like a refund or a new bear?',
      'A new one is on its way, and you may keep the old one.',
      'I have refunded order {number}; it takes three to five working days.',
    ],
  },
  {
    weight: 20,
    open: ['Is {product} safe for a one year old?', 'How tall is {product}, and can it be washed?'],
    user: [
      'And what is it filled with? My daughter has an allergy.',
      'Do you have it in a larger size too?',
      'Great, then I will take two of them 🧸🧸',
    ],
    support: [
      'Yes: it meets EN 71, with embroidered eyes and no loose parts.',
      'It is 38 cm tall, and can be washed by hand at 30 °C.',
      'The filling is recycled polyester, no feathers and no wool.',
    ],
  },
  {
    weight: 15,
    open: [
      'I would like to change the address of order {number}, is that still possible?',
      'Can I add a gift card to order {number}?',
    ],
    user: [
      'The new one is:\nMaple Street 12\n90210 Springfield',
      'Please write "Happy birthday, Zoë!" on it.',
      'The checkout did not let me do it; it said "try again later".',
    ],
    support: [
      'It has not been packed yet, so yes. What should it say?',
      'Done: I have changed it, and you will get a new confirmation.',
      'That is too late for this parcel, I am afraid; the carrier can redirect it.',
    ],
  },
  {
    weight: 13,
    open: [
      'Your site took my card twice, for order {number}!',
      'The discount from the newsletter was not taken off, why?',
    ],
    user: [
      'My bank shows two payments of {price}, both on {day}.',
      'No, I did not press the button twice.',
      'OK. When will I see it in my account?',
    ],
    support: [
      'One of the two is a reservation only, and your bank drops it within three days.',
      'The code was for {product}; I have taken it off by hand, {price} go back to you.',
      'I have sent this to our accounts team, they answer by {day}.',
    ],
  },
]

const SMALL_TALK = {
  user: [
    'Thanks!',
    'One moment please, I have to look that up.',
    'OK, thank you for the quick help.',
  ],
  support: [
    'Thank you for waiting, I am looking at your order now.',
    'Is there anything else that I can do for you today?',
    'You are welcome. Have a nice day!',
  ],
} as const

/** One conversation: its topic, product and order number stay the same throughout. */
export class Conversation {
  readonly #random: Random
  readonly #topic: Topic
  readonly #values: Record<string, string>
  #lines = 0

  constructor(random: Random) {
    const product = random.pick(PRODUCTS)
    this.#random = random
    this.#topic = random.weighted(TOPICS)
    this.#values = {
      product: product.name,
      price: `$${product.price}`,
      number: String(random.between(1000, 99_999)),
      day: `${random.pick(['Monday', 'Tuesday', 'Thursday', 'Friday'])} the ${random.between(2, 28)}th`,
    }
  }

  /** The next line; the user speaks first. Plain text, no CSV quoting. */
  next(by: 'user' | 'support'): string {
    const topic = this.#topic
    const first = this.#lines === 0 ? topic.open : topic[by]
    const lines = this.#lines > 1 && this.#random.chance(0.3) ? SMALL_TALK[by] : first
    this.#lines += 1
    const line = this.#random.pick<string>(lines)
    return line.includes('{') ? this.#filled(line) : line
  }

  #filled(line: string): string {
    return line.replace(/\{(\w+)\}/g, (_, name: string) => this.#values[name] ?? '')
  }
}
