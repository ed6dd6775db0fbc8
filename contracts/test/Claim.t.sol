// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {ContractWallet} from "../mocks/ContractWallet.sol";
import {ReenteringPayee, RefusingPayee} from "../mocks/Payees.sol";
import {Base} from "./Base.t.sol";

contract ClaimTest is Base {
    uint256 private constant NUMBER = CLAIM + 1;

    function expectRefused(bytes memory reason, IPayoutVault.Claim memory voucher, bytes memory signature) private {
        vm.expectRevert(reason);
        vault.claim(voucher, signature);
        vm.assertFalse(voucher.number >> 62 == 0 && vault.isConsumed(voucher.number), "not consumed");
    }

    function expectRefused(bytes memory reason, IPayoutVault.Claim memory voucher) private {
        expectRefused(reason, voucher, signVoucher(voucher));
    }

    function badSignature() private view returns (bytes memory) {
        return abi.encodeWithSelector(IPayoutVault.BadSignature.selector, vault.operator());
    }

    function test_anybodyBringsItAndItPaysThePayee() public {
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, payee_(1), 5 ether);
        bytes memory signature = signVoucher(voucher);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.Claimed(NUMBER, NATIVE, payee_(1), 5 ether);
        vm.prank(STRANGER);
        vault.claim(voucher, signature);
        vm.assertEq(payee_(1).balance, 5 ether, "paid");
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY - 5 ether, "bucket");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, NUMBER));
        vault.claim(voucher, signature);
    }

    function test_paysTokens() public {
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, address(token), payee_(1), 5 ether);
        vault.claim(voucher, signVoucher(voucher));
        vm.assertEq(token.balanceOf(payee_(1)), 5 ether, "paid");
    }

    function test_refusesInvalidVouchers() public {
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.ZeroAddress.selector), claimOf(NUMBER, NATIVE, address(0), 1)
        );
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.PayeeIsVault.selector), claimOf(NUMBER, NATIVE, address(vault), 1)
        );
        expectRefused(abi.encodeWithSelector(IPayoutVault.ZeroAmount.selector), claimOf(NUMBER, NATIVE, payee_(1), 0));
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, NUMBER, CAP, CAP),
            claimOf(NUMBER, NATIVE, payee_(1), CAP)
        );
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.AmountNotBelowCap.selector, NUMBER, 1, 0),
            claimOf(NUMBER, STRANGER, payee_(1), 1)
        );
        vm.prank(GUARDIAN);
        vault.pause();
        expectRefused(abi.encodeWithSelector(IPayoutVault.VaultPaused.selector), claimOf(NUMBER, NATIVE, payee_(1), 1));
    }

    function testFuzz_refusesOtherSeries(uint256 number) public {
        vm.assume(number >> 60 != 2);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.WrongSeries.selector, number), claimOf(number, NATIVE, payee_(1), 1)
        );
    }

    function test_holdsUntilItsLastSecond() public {
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, payee_(1), 1);
        vm.warp(uint256(voucher.validUntil) + 1);
        expectRefused(abi.encodeWithSelector(IPayoutVault.Expired.selector, voucher.validUntil), voucher);
        vm.warp(voucher.validUntil);
        vault.claim(voucher, signVoucher(voucher));
    }

    function test_sharesBucketAndBalanceWithBatches() public {
        uint256[] memory entries = new uint256[](501);
        for (uint256 i = 0; i < 500; i++) {
            entries[i] = word(payee_(i), 99.9 ether);
        }
        entries[500] = word(payee_(500), 49 ether);
        payBatch(NATIVE, 1, entries);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.BucketExhausted.selector, NATIVE, 2 ether, 1 ether),
            claimOf(NUMBER, NATIVE, payee_(1), 2 ether)
        );
        vm.deal(address(vault), 0.5 ether);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.InsufficientVaultBalance.selector, NATIVE, 1 ether, 0.5 ether),
            claimOf(NUMBER, NATIVE, payee_(1), 1 ether)
        );
    }

    // ------------------------------------------------------------ signatures

    function test_refusesWhatTheOperatorDidNotSign() public {
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, payee_(1), 1 ether);
        expectRefused(badSignature(), voucher, signatureOf(approverKeys[0], claimDigest(voucher)));
        expectRefused(badSignature(), voucher, "");
        // An approval of a payout with the same fields is no voucher.
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), 1 ether);
        expectRefused(badSignature(), voucher, signatureOf(OPERATOR_KEY, payoutDigest(payout)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OPERATOR_KEY, claimDigest(voucher));
        expectRefused(
            badSignature(), voucher, abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : 27)
        );
    }

    function testFuzz_refusesSignaturesOverAnotherVoucher(uint256 seed) public {
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, payee_(1), 1 ether);
        bytes memory signature = signVoucher(voucher);
        uint256 field = seed % 5;
        if (field == 0) voucher.number = CLAIM + 2 + (seed >> 8) % 1000;
        if (field == 1) voucher.asset = address(token);
        if (field == 2) voucher.to = payee_(2 + (seed >> 8) % 1000);
        if (field == 3) voucher.amount = 2 ether + (seed >> 8) % 1 ether;
        if (field == 4) voucher.validUntil += uint64(1 + (seed >> 8) % 1000);
        expectRefused(badSignature(), voucher, signature);
    }

    function test_aReplacedOrStoppedOperatorSignsNothing() public {
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, payee_(1), 1 ether);
        bytes memory signature = signVoucher(voucher);
        vm.prank(OWNER);
        vault.setOperator(STRANGER);
        expectRefused(badSignature(), voucher, signature);
        vm.prank(OWNER);
        vault.setOperator(address(0));
        expectRefused(badSignature(), voucher, signature);
        expectRefused(badSignature(), voucher, new bytes(65));
    }

    function test_anOperatorThatIsAContractSignsToo() public {
        ContractWallet wallet = new ContractWallet(vm.addr(0xC0FFEE));
        vm.prank(OWNER);
        vault.setOperator(address(wallet));
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, payee_(1), 1 ether);
        expectRefused(badSignature(), voucher, signVoucher(voucher));
        vault.claim(voucher, signatureOf(0xC0FFEE, claimDigest(voucher)));
        vm.assertEq(payee_(1).balance, 1 ether, "paid");
    }

    // ------------------------------------------------------------ payees that do not behave

    function test_aRefusingPayeeLosesNothing() public {
        RefusingPayee payee = new RefusingPayee();
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, address(payee), 1 ether);
        bytes memory signature = signVoucher(voucher);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.PayeeRefused.selector, NATIVE, address(payee)), voucher, signature
        );
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY, "bucket");
        vm.etch(address(payee), "");
        vault.claim(voucher, signature);
        vm.assertEq(address(payee).balance, 1 ether, "paid, once it accepts");
    }

    function test_aPayeeThatCallsBackInIsPaidOnce() public {
        ReenteringPayee payee = new ReenteringPayee();
        IPayoutVault.Claim memory voucher = claimOf(NUMBER, NATIVE, address(payee), 1 ether);
        bytes memory signature = signVoucher(voucher);
        IPayoutVault.Claim memory another = claimOf(NUMBER + 1, NATIVE, address(payee), 1 ether);
        bytes[2] memory calls = [
            abi.encodeCall(vault.claim, (voucher, signature)),
            abi.encodeCall(vault.claim, (another, signVoucher(another)))
        ];
        for (uint256 i = 0; i < 2; i++) {
            payee.arm(address(vault), calls[i]);
            IPayoutVault.Claim memory outer = claimOf(NUMBER + 10 + i, NATIVE, address(payee), 1 ether);
            vault.claim(outer, signVoucher(outer));
            vm.assertEq(payee.attempts(), i + 1, "tried");
            vm.assertEq(payee.successes(), 0, "achieved");
            vm.assertEq(address(payee).balance, (i + 1) * 1 ether, "paid once");
        }
    }
}
