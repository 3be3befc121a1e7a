/** Where the local account of `npm start` listens unless told otherwise. */
export const localPort = 4666
export const localAddress = `127.0.0.1:${localPort}`
