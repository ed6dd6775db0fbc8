import { Signature, Transaction } from "ethers";

/** A transaction as JSON-RPC shows it once it is in a block. */
type MinedTransaction = {
  hash: string;
  type: string;
  nonce: string;
  gas: string;
  to: string | null;
  value: string;
  input: string;
  chainId?: string;
  gasPrice?: string;
  maxFeePerGas?: string;
  maxPriorityFeePerGas?: string;
  accessList?: { address: string; storageKeys: string[] }[];
  r: string;
  s: string;
  v: string;
};

/** Puts the signed bytes of a mined transaction together again; throws when they are not what was signed. */
export function serializeMined(mined: { hash: string }): string {
  const rpc = mined as MinedTransaction;
  const type = Number(rpc.type);
  const transaction = Transaction.from({
    type,
    nonce: Number(rpc.nonce),
    gasLimit: rpc.gas,
    to: rpc.to,
    value: rpc.value,
    data: rpc.input,
    chainId: rpc.chainId ?? 0,
    ...(type === 2
      ? { maxFeePerGas: rpc.maxFeePerGas ?? null, maxPriorityFeePerGas: rpc.maxPriorityFeePerGas ?? null }
      : { gasPrice: rpc.gasPrice ?? null }),
    ...(type === 0 ? {} : { accessList: rpc.accessList ?? [] }),
    signature: Signature.from({ r: padded(rpc.r), s: padded(rpc.s), v: rpc.v }),
  });
  if (transaction.hash !== rpc.hash) {
    throw new Error(`transaction ${rpc.hash} carries no signature that it can be sent again with`);
  }
  return transaction.serialized;
}

function padded(quantity: string): string {
  return `0x${quantity.slice(2).padStart(64, "0")}`;
}
