import { FlareContractRegistryAddress } from "@flarenetwork/flare-periphery-contract-artifacts";
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * What surrounds the vault on the local chain: Flare's registry with the contracts that the product looks up in it, an
 * ERC-20, and a payee that refuses. One step after another, so that every address and every hash is always the same.
 */
export default buildModule("LocalWorld", (m) => {
  const token = m.contract("ExampleToken");
  const ftso = m.contract("FtsoV2Mock", [], { after: [token] });
  const wnat = m.contract("WNatMock", [], { after: [ftso] });
  const refusingPayee = m.contract("RefusingPayee", [], { after: [wnat] });
  const registry = m.contractAt("FlareContractRegistryMock", FlareContractRegistryAddress, {
    after: [refusingPayee],
  });
  const named = m.call(registry, "setContract", ["FtsoV2", ftso], { id: "registerFtsoV2" });
  m.call(registry, "setContract", ["WNat", wnat], { id: "registerWNat", after: [named] });
  return { token, ftso, wnat, refusingPayee, registry };
});
