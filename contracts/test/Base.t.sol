// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {RefusingPayee} from "../mocks/Payees.sol";
import {ExampleToken} from "../mocks/Tokens.sol";

/// @dev The cheatcodes that these tests use, of those that Hardhat's test runner offers.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 key) external pure returns (address);
    function assume(bool condition) external pure;
    function deal(address account, uint256 balance) external;
    function etch(address target, bytes calldata code) external;
    function expectEmit(bool topic1, bool topic2, bool topic3, bool data, address emitter) external;
    function expectRevert(bytes calldata reason) external;
    function expectRevert(bytes4 selector) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
    function getRecordedLogs() external returns (Log[] memory);
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function recordLogs() external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timestamp) external;
    function assertEq(uint256 left, uint256 right, string calldata what) external pure;
    function assertEq(address left, address right, string calldata what) external pure;
    function assertTrue(bool condition, string calldata what) external pure;
    function assertFalse(bool condition, string calldata what) external pure;
}

/// @dev The vault as callers see it. Importing the contract itself would compile it once more for each file of tests.
interface Vault is IPayoutVault {
    function owner() external view returns (address);
    function transferOwnership(address newOwner) external;
    function acceptOwnership() external;
    function renounceOwnership() external;
}

/// @dev A vault with 1,000,000 coins and tokens, limits as on the local chain, and four approvers.
abstract contract Base {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    address internal constant NATIVE = address(0);
    address internal constant OWNER = address(0xA11CE);
    address internal constant GUARDIAN = address(0x6a4d);
    address internal constant STRANGER = address(0xBAD);
    uint256 internal constant OPERATOR_KEY = 0x0123;
    uint64 internal constant DELAY = 1 days;
    uint256 internal constant SIGNED = 1 << 60;
    uint256 internal constant CLAIM = 2 << 60;
    uint96 internal constant CAP = 100 ether;
    uint96 internal constant CAPACITY = 50_000 ether;
    uint256 internal constant FUNDS = 1_000_000 ether;
    uint256 internal constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    Vault internal vault;
    ExampleToken internal token;
    address internal operator;
    /// @dev Ascending by address, as the vault wants signers.
    uint256[] internal approverKeys;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        operator = vm.addr(OPERATOR_KEY);
        uint256[] memory keys = new uint256[](4);
        for (uint256 i = 0; i < 4; i++) {
            keys[i] = 0xA000 + i;
            for (uint256 j = i; j > 0 && vm.addr(keys[j]) < vm.addr(keys[j - 1]); j--) {
                (keys[j], keys[j - 1]) = (keys[j - 1], keys[j]);
            }
        }
        approverKeys = keys;
        token = new ExampleToken();
        IPayoutVault.AssetLimits[] memory assets = new IPayoutVault.AssetLimits[](2);
        assets[0] = IPayoutVault.AssetLimits(NATIVE, defaultLimits());
        assets[1] = IPayoutVault.AssetLimits(address(token), defaultLimits());
        vault = deployVault(DELAY, addressesOf(keys), assets);
        vm.deal(address(vault), FUNDS);
        token.mint(address(vault), FUNDS);
    }

    /// @dev From its artifact, so that what is tested is the bytecode that is deployed.
    /// @dev Limits for an asset that had none are a loosening, so they wait.
    function enable(address asset) internal {
        vm.prank(OWNER);
        vault.setLimits(asset, defaultLimits());
        vm.warp(block.timestamp + DELAY);
        vm.prank(OWNER);
        vault.applyLimits(asset);
    }

    function deployVault(uint64 delay, address[] memory approvers, IPayoutVault.AssetLimits[] memory assets)
        internal
        returns (Vault)
    {
        bytes memory code = bytes.concat(
            vm.getCode("contracts/PayoutVault.sol:PayoutVault"),
            abi.encode(OWNER, operator, GUARDIAN, delay, approvers, assets)
        );
        address deployed;
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
        }
        vm.assertTrue(deployed != address(0), "deployed");
        return Vault(deployed);
    }

    function defaultLimits() internal pure returns (IPayoutVault.Limits memory) {
        return limitsOf(CAPACITY, 1 ether, CAP, 2, 10_000 ether, 3);
    }

    function limitsOf(uint96 capacity, uint96 refill, uint96 above1, uint8 approvals1, uint96 above2, uint8 approvals2)
        internal
        pure
        returns (IPayoutVault.Limits memory)
    {
        IPayoutVault.Tier[] memory tiers = new IPayoutVault.Tier[](2);
        tiers[0] = IPayoutVault.Tier(above1, approvals1);
        tiers[1] = IPayoutVault.Tier(above2, approvals2);
        return IPayoutVault.Limits(capacity, refill, tiers);
    }

    function addressesOf(uint256[] memory keys) internal pure returns (address[] memory addresses) {
        addresses = new address[](keys.length);
        for (uint256 i = 0; i < keys.length; i++) {
            addresses[i] = vm.addr(keys[i]);
        }
    }

    // ------------------------------------------------------------ batches

    function word(address to, uint256 amount) internal pure returns (uint256) {
        return uint256(uint160(to)) << 96 | amount;
    }

    function one(uint256 entry) internal pure returns (uint256[] memory entries) {
        entries = new uint256[](1);
        entries[0] = entry;
    }

    function two(uint256 first, uint256 second) internal pure returns (uint256[] memory entries) {
        entries = new uint256[](2);
        (entries[0], entries[1]) = (first, second);
    }

    function three(uint256 first, uint256 second, uint256 third) internal pure returns (uint256[] memory entries) {
        entries = new uint256[](3);
        (entries[0], entries[1], entries[2]) = (first, second, third);
    }

    function payBatch(address asset, uint256 first, uint256[] memory entries) internal {
        vm.prank(operator);
        vault.payBatch(asset, first, entries);
    }

    function expectBatchRevert(bytes memory reason, uint256 first, uint256[] memory entries) internal {
        vm.expectRevert(reason);
        vm.prank(operator);
        vault.payBatch(NATIVE, first, entries);
    }

    // ------------------------------------------------------------ signatures

    function payoutOf(uint256 number, address asset, address to, uint256 amount)
        internal
        view
        returns (IPayoutVault.Payout memory)
    {
        return IPayoutVault.Payout(number, asset, to, amount, uint64(block.timestamp + 1 hours));
    }

    function claimOf(uint256 number, address asset, address to, uint256 amount)
        internal
        view
        returns (IPayoutVault.Claim memory)
    {
        return IPayoutVault.Claim(number, asset, to, amount, uint64(block.timestamp + 1 hours));
    }

    /// @dev Written out rather than taken from the contract: this is what wallets sign.
    function domainOf(address verifyingContract, uint256 chainId) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("CoinClicker PayoutVault"),
                keccak256("1"),
                chainId,
                verifyingContract
            )
        );
    }

    function digestIn(bytes32 domain, bytes memory encodedType, bytes memory encodedFields)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encodePacked("\x19\x01", domain, keccak256(bytes.concat(keccak256(encodedType), encodedFields)))
        );
    }

    function payoutDigest(IPayoutVault.Payout memory payout) internal view returns (bytes32) {
        return digestIn(
            domainOf(address(vault), block.chainid),
            "Payout(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)",
            abi.encode(payout.number, payout.asset, payout.to, payout.amount, payout.validUntil)
        );
    }

    function claimDigest(IPayoutVault.Claim memory voucher) internal view returns (bytes32) {
        return digestIn(
            domainOf(address(vault), block.chainid),
            "Claim(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)",
            abi.encode(voucher.number, voucher.asset, voucher.to, voucher.amount, voucher.validUntil)
        );
    }

    function signatureOf(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function signVoucher(IPayoutVault.Claim memory voucher) internal view returns (bytes memory) {
        return signatureOf(OPERATOR_KEY, claimDigest(voucher));
    }

    /// @return signers the first `count` approvers, ascending
    function approvalsOf(IPayoutVault.Payout memory payout, uint256 count)
        internal
        view
        returns (address[] memory signers, bytes[] memory signatures)
    {
        signers = new address[](count);
        signatures = new bytes[](count);
        bytes32 digest = payoutDigest(payout);
        for (uint256 i = 0; i < count; i++) {
            signers[i] = vm.addr(approverKeys[i]);
            signatures[i] = signatureOf(approverKeys[i], digest);
        }
    }

    function payApproved(IPayoutVault.Payout memory payout, uint256 approvals) internal {
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, approvals);
        vm.prank(operator);
        vault.payApproved(payout, signers, signatures);
    }

    // ------------------------------------------------------------ credits

    /// @dev Brings the vault to owe `amount` to a new contract that refuses coins.
    function creditedPayee(uint256 number, uint256 amount) internal returns (RefusingPayee payee) {
        payee = new RefusingPayee();
        payBatch(NATIVE, number, one(word(address(payee), amount)));
        vm.assertEq(vault.creditOf(NATIVE, address(payee)), amount, "credit");
    }

    function payee_(uint256 i) internal pure returns (address) {
        return address(uint160(0x1000000 + i));
    }
}
