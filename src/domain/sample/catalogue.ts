import { secondsOf } from './timeline.ts'

/** A product of the shop, with the prices of its history. */
export interface SampleProduct {
  id: number
  name: string
  createdAt: number
  price: string
  cost: string
  url: string
  /** How often it is the first item of an order once it is on sale. */
  weight: number
}

export const PRODUCTS: readonly SampleProduct[] = [
  {
    id: 1,
    name: 'The Original Mr. Fuzzy',
    createdAt: secondsOf('2012-03-19 09:00:00'),
    price: '49.99',
    cost: '19.49',
    url: '/the-original-mr-fuzzy',
    weight: 66,
  },
  {
    id: 2,
    name: 'The Forever Love Bear',
    createdAt: secondsOf('2013-01-06 13:00:00'),
    price: '59.99',
    cost: '22.49',
    url: '/the-forever-love-bear',
    weight: 16,
  },
  {
    id: 3,
    name: 'The Birthday Sugar Panda',
    createdAt: secondsOf('2013-12-12 09:00:00'),
    price: '45.99',
    cost: '14.49',
    url: '/the-birthday-sugar-panda',
    weight: 14,
  },
  {
    id: 4,
    name: 'The Hudson River Mini bear',
    createdAt: secondsOf('2014-02-05 10:00:00'),
    price: '29.99',
    cost: '9.49',
    url: '/the-hudson-river-mini-bear',
    weight: 4,
  },
]

/** Where a session comes from: utm_source,utm_campaign,utm_content as one text; the referer. */
interface Origin {
  weight: number
  columns: string
  referer: string
}

/** Where visitors come from, with the columns as the exports write them. */
export const CAMPAIGNS: readonly Origin[] = [
  { weight: 535, columns: 'gsearch,nonbrand,g_ad_1', referer: 'https://www.gsearch.com' },
  { weight: 107, columns: 'bsearch,nonbrand,b_ad_1', referer: 'https://www.bsearch.com' },
  { weight: 89, columns: 'NULL,NULL,NULL', referer: 'NULL' },
  { weight: 79, columns: 'socialbook,pilot,social_ad_1', referer: 'https://www.socialbook.com' },
  { weight: 79, columns: 'NULL,NULL,NULL', referer: 'https://www.gsearch.com' },
  { weight: 73, columns: 'gsearch,brand,g_ad_2', referer: 'https://www.gsearch.com' },
  { weight: 18, columns: 'NULL,NULL,NULL', referer: 'https://www.bsearch.com' },
  { weight: 18, columns: 'bsearch,brand,b_ad_2', referer: 'https://www.bsearch.com' },
]

/** Those who come again know the shop's name. */
export const RETURNING: readonly Origin[] = [
  { weight: 50, columns: 'NULL,NULL,NULL', referer: 'NULL' },
  { weight: 20, columns: 'NULL,NULL,NULL', referer: 'https://www.gsearch.com' },
  { weight: 20, columns: 'gsearch,brand,g_ad_2', referer: 'https://www.gsearch.com' },
  { weight: 10, columns: 'bsearch,brand,b_ad_2', referer: 'https://www.bsearch.com' },
]

export const LANDING_PAGES = [
  { weight: 28, url: '/home' },
  { weight: 27, url: '/lander-3' },
  { weight: 26, url: '/lander-2' },
  { weight: 19, url: '/lander-4' },
] as const

/** The pages of an order, after the product's own. */
export const CHECKOUT = ['/cart', '/shipping', '/billing-2', '/thank-you-for-your-order'] as const

// biome-ignore format: a list of names is read in lines
export const FIRST_NAMES = [
  'Amara', 'Ben', 'Chloé', 'Diego', 'Elif', 'Farid', 'Grace', 'Hiro', 'Ingrid', 'Jack', 'Katya',
  'Liam', 'Mei', 'Noah', 'Oksana', 'Priya', 'Quentin', 'Rosa', 'Sven', 'Tomás', 'Uma', 'Viktor',
  'Wanda', 'Ximena', 'Yusuf', 'Zoë', "D'Arcy", 'José', 'Małgorzata', 'Anna', 'Peter', 'Samira',
] as const

// biome-ignore format: a list of names is read in lines
export const LAST_NAMES = [
  'Adams', 'Brown', 'Castillo', 'Dubois', 'Eriksson', 'Fischer', 'García', 'Hughes', 'Ito',
  'Johansson', 'Kowalski', 'López', 'Müller', 'Nguyen', "O'Neill", 'Petrov', 'Quinn', 'Rossi',
  'Şahin', 'Tanaka', 'Usman', 'van der Berg', 'Walker', 'Xu', 'Yilmaz', 'Zimmermann', 'Smith',
  'Jones', 'Taylor', 'Wilson', 'Silva', 'Kim',
] as const
