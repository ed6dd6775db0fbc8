// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {ContractWallet} from "../mocks/ContractWallet.sol";
import {GasBurningPayee, NeedyPayee, ReenteringPayee, RefusingPayee} from "../mocks/Payees.sol";
import {FalseToken} from "../mocks/Tokens.sol";
import {Base} from "./Base.t.sol";

contract PayApprovedTest is Base {
    uint256 private constant NUMBER = SIGNED + 1;

    function expectRefused(
        bytes memory reason,
        IPayoutVault.Payout memory payout,
        address[] memory signers,
        bytes[] memory signatures
    ) private {
        vm.expectRevert(reason);
        vm.prank(operator);
        vault.payApproved(payout, signers, signatures);
        vm.assertFalse(payout.number >> 62 == 0 && vault.isConsumed(payout.number), "not consumed");
    }

    function expectRefused(bytes memory reason, IPayoutVault.Payout memory payout, uint256 approvals) private {
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, approvals);
        expectRefused(reason, payout, signers, signatures);
    }

    function selected(bytes4 selector) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector);
    }

    function test_paysOutsideTheBucket() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), 60_000 ether);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.ApprovedPaid(NUMBER, NATIVE, payee_(1), 60_000 ether);
        payApproved(payout, 3);
        vm.assertEq(payee_(1).balance, 60_000 ether, "paid");
        vm.assertTrue(vault.isConsumed(NUMBER), "consumed");
        vm.assertEq(vault.bucketAvailable(NATIVE), CAPACITY, "bucket");
    }

    function test_paysTokens() public {
        payApproved(payoutOf(NUMBER, address(token), payee_(1), 100 ether), 2);
        vm.assertEq(token.balanceOf(payee_(1)), 100 ether, "paid");
    }

    function test_moreApprovalsThanNeededAreFine() public {
        payApproved(payoutOf(NUMBER, NATIVE, payee_(1), CAP), 4);
        vm.assertEq(payee_(1).balance, CAP, "paid");
    }

    function testFuzz_needsTheTiersApprovals(uint256 amount) public {
        amount = 1 + amount % 20_000 ether;
        uint256 needed = amount < 10_000 ether ? 2 : 3;
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), amount);
        // Below the first tier, where the operator alone may pay by batch, this way still asks for its approvals.
        vm.assertEq(vault.requiredApprovals(NATIVE, amount), amount < CAP ? 0 : needed, "required");
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.TooFewApprovals.selector, needed - 1, needed), payout, needed - 1
        );
        payApproved(payout, needed);
        vm.assertEq(payee_(1).balance, amount, "paid");
    }

    function test_refusesStrangersAndThePausedVault() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotOperator.selector, signers[0]));
        vm.prank(signers[0]);
        vault.payApproved(payout, signers, signatures);
        vm.prank(OWNER);
        vault.pause();
        expectRefused(selected(IPayoutVault.VaultPaused.selector), payout, 2);
        vm.prank(OWNER);
        vault.resume();
        payApproved(payout, 2);
    }

    function testFuzz_refusesOtherSeries(uint256 number) public {
        vm.assume(number >> 60 != 1);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.WrongSeries.selector, number),
            payoutOf(number, NATIVE, payee_(1), CAP),
            2
        );
    }

    function test_refusesAConsumedNumberFirst() public {
        payApproved(payoutOf(NUMBER, NATIVE, payee_(1), CAP), 2);
        // Another payee, no signatures, expired: what matters is that the number is gone.
        IPayoutVault.Payout memory other = payoutOf(NUMBER, NATIVE, payee_(2), 1);
        other.validUntil = 0;
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, NUMBER));
        vm.prank(operator);
        vault.payApproved(other, new address[](0), new bytes[](0));
    }

    function test_refusesInvalidPayouts() public {
        expectRefused(selected(IPayoutVault.ZeroAddress.selector), payoutOf(NUMBER, NATIVE, address(0), CAP), 2);
        expectRefused(selected(IPayoutVault.PayeeIsVault.selector), payoutOf(NUMBER, NATIVE, address(vault), CAP), 2);
        expectRefused(selected(IPayoutVault.ZeroAmount.selector), payoutOf(NUMBER, NATIVE, payee_(1), 0), 2);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.AssetNotEnabled.selector, STRANGER),
            payoutOf(NUMBER, STRANGER, payee_(1), 1),
            4
        );
        expectRefused(
            abi.encodeWithSelector(
                IPayoutVault.InsufficientVaultBalance.selector, NATIVE, FUNDS + 1, FUNDS
            ),
            payoutOf(NUMBER, NATIVE, payee_(1), FUNDS + 1),
            3
        );
        vm.assertEq(vault.requiredApprovals(STRANGER, 1), type(uint256).max, "nobody may");
    }

    function test_holdsUntilItsLastSecond() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        vm.warp(uint256(payout.validUntil) + 1);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.Expired.selector, payout.validUntil), payout, signers, signatures
        );
        vm.warp(payout.validUntil);
        vm.prank(operator);
        vault.payApproved(payout, signers, signatures);
    }

    // ------------------------------------------------------------ signatures

    function test_refusesUnsortedAndRepeatedSigners() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        (signers[0], signers[1]) = (signers[1], signers[0]);
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.SignersNotSorted.selector, signers[0], signers[1]),
            payout,
            signers,
            signatures
        );
        signers[1] = signers[0];
        signatures[1] = signatures[0];
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.SignersNotSorted.selector, signers[0], signers[0]),
            payout,
            signers,
            signatures
        );
        signers[0] = address(0);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.SignersNotSorted.selector, address(0), address(0)),
            payout,
            signers,
            signatures
        );
    }

    function test_refusesMissingSignatures() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        (address[] memory signers,) = approvalsOf(payout, 2);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.SignatureCountMismatch.selector, 2, 1),
            payout,
            signers,
            new bytes[](1)
        );
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.BadSignature.selector, signers[0]), payout, signers, new bytes[](2)
        );
    }

    function test_refusesSignersThatAreNotOrNoLongerApprovers() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        address[] memory signers = new address[](2);
        bytes[] memory signatures = new bytes[](2);
        (uint256 low, uint256 high) = operator < vm.addr(approverKeys[0])
            ? (OPERATOR_KEY, approverKeys[0])
            : (approverKeys[0], OPERATOR_KEY);
        bytes32 digest = payoutDigest(payout);
        (signers[0], signatures[0]) = (vm.addr(low), signatureOf(low, digest));
        (signers[1], signatures[1]) = (vm.addr(high), signatureOf(high, digest));
        expectRefused(abi.encodeWithSelector(IPayoutVault.NotApprover.selector, operator), payout, signers, signatures);

        (signers, signatures) = approvalsOf(payout, 2);
        address[] memory fewer = new address[](3);
        for (uint256 i = 0; i < 3; i++) {
            fewer[i] = vm.addr(approverKeys[i + 1]);
        }
        vm.prank(OWNER);
        vault.setApprovers(fewer);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.NotApprover.selector, signers[0]), payout, signers, signatures
        );
    }

    /// @dev What was signed is what is paid: any other field makes the signatures worthless.
    function testFuzz_refusesSignaturesOverAnotherPayout(uint256 seed) public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), 200 ether);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        uint256 field = seed % 5;
        if (field == 0) payout.number = SIGNED + 2 + (seed >> 8) % 1000;
        if (field == 1) payout.asset = address(token);
        if (field == 2) payout.to = payee_(2 + (seed >> 8) % 1000);
        if (field == 3) payout.amount = 201 ether + (seed >> 8) % 1000 ether;
        if (field == 4) payout.validUntil += uint64(1 + (seed >> 8) % 1000);
        expectRefused(
            abi.encodeWithSelector(IPayoutVault.BadSignature.selector, signers[0]), payout, signers, signatures
        );
    }

    function test_refusesSignaturesInAnotherDomain() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        bytes memory fields = abi.encode(payout.number, payout.asset, payout.to, payout.amount, payout.validUntil);
        bytes memory encodedType =
            "Payout(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)";
        bytes32[3] memory digests = [
            digestIn(domainOf(address(vault), block.chainid + 1), encodedType, fields),
            digestIn(domainOf(STRANGER, block.chainid), encodedType, fields),
            // The same fields under the other type's name.
            digestIn(
                domainOf(address(vault), block.chainid),
                "Claim(uint256 number,address asset,address to,uint256 amount,uint64 validUntil)",
                fields
            )
        ];
        for (uint256 i = 0; i < 3; i++) {
            signatures[1] = signatureOf(approverKeys[1], digests[i]);
            expectRefused(
                abi.encodeWithSelector(IPayoutVault.BadSignature.selector, signers[1]), payout, signers, signatures
            );
        }
        vm.assertEq(
            uint256(vault.domainSeparator()), uint256(domainOf(address(vault), block.chainid)), "domain separator"
        );
    }

    function test_refusesForeignMalleableAndMisshapenSignatures() public {
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(approverKeys[1], payoutDigest(payout));
        bytes[6] memory bad = [
            signatures[0],
            abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27)),
            abi.encodePacked(r, s),
            abi.encodePacked(r, s, v, uint8(0)),
            abi.encodePacked(r, s, v - 27),
            abi.encodePacked(bytes32(0), bytes32(0), v)
        ];
        for (uint256 i = 0; i < bad.length; i++) {
            signatures[1] = bad[i];
            expectRefused(
                abi.encodeWithSelector(IPayoutVault.BadSignature.selector, signers[1]), payout, signers, signatures
            );
        }
    }

    // ------------------------------------------------------------ approvers that are contracts

    /// @dev Makes `contractApprover` an approver beside the four, and returns a payout that it signs with one of them.
    function withContract(address contractApprover, uint256 key)
        private
        returns (IPayoutVault.Payout memory payout, address[] memory signers, bytes[] memory signatures)
    {
        address[] memory next = new address[](2);
        (next[0], next[1]) = (contractApprover, vm.addr(approverKeys[0]));
        vm.prank(OWNER);
        vault.setApprovers(next);
        vm.warp(block.timestamp + DELAY);
        vm.prank(OWNER);
        vault.applyApprovers();
        payout = payoutOf(NUMBER, NATIVE, payee_(1), CAP);
        bytes32 digest = payoutDigest(payout);
        signers = next;
        signatures = new bytes[](2);
        (signatures[0], signatures[1]) = (signatureOf(key, digest), signatureOf(approverKeys[0], digest));
        if (signers[0] > signers[1]) {
            (signers[0], signers[1]) = (signers[1], signers[0]);
            (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        }
    }

    function test_aContractApproves() public {
        ContractWallet wallet = new ContractWallet(vm.addr(0xC0FFEE));
        (IPayoutVault.Payout memory payout, address[] memory signers, bytes[] memory signatures) =
            withContract(address(wallet), 0xC0FFEE);
        vm.prank(operator);
        vault.payApproved(payout, signers, signatures);
        vm.assertEq(payee_(1).balance, CAP, "paid");
    }

    function test_aContractThatSaysNoOrNothing() public {
        address[2] memory wallets = [address(new ContractWallet(vm.addr(0xC0FFEE))), address(token)];
        for (uint256 i = 0; i < 2; i++) {
            (IPayoutVault.Payout memory payout, address[] memory signers, bytes[] memory signatures) =
                withContract(wallets[i], 0xDECAF);
            expectRefused(
                abi.encodeWithSelector(IPayoutVault.BadSignature.selector, wallets[i]), payout, signers, signatures
            );
        }
    }

    // ------------------------------------------------------------ payees that do not behave

    function test_aRefusingPayeeBecomesACredit() public {
        RefusingPayee payee = new RefusingPayee();
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, address(payee), CAP);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.PayoutCredited(NATIVE, NUMBER, address(payee), CAP);
        payApproved(payout, 2);
        vm.assertTrue(vault.isConsumed(NUMBER), "consumed");
        vm.assertEq(vault.creditOf(NATIVE, address(payee)), CAP, "credit");
        vm.assertEq(vault.totalOwed(NATIVE), CAP, "owed");
    }

    function test_aRefusingTokenBecomesACredit() public {
        FalseToken odd = new FalseToken();
        enable(address(odd));
        odd.mint(address(vault), FUNDS);
        odd.refuse(payee_(1), true);
        payApproved(payoutOf(NUMBER, address(odd), payee_(1), CAP), 2);
        vm.assertEq(vault.creditOf(address(odd), payee_(1)), CAP, "credit");
    }

    function test_aPayeeThatIsGivenTooLittleIsNoCredit() public {
        NeedyPayee needy = new NeedyPayee();
        IPayoutVault.Payout memory payout = payoutOf(SIGNED + 1, NATIVE, address(needy), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        bytes memory call_ = abi.encodeCall(vault.payApproved, (payout, signers, signatures));
        uint256 starved;
        bool paid = false;
        for (uint256 gasLimit = 80_000; !paid; gasLimit += 4_000) {
            vm.prank(operator);
            bytes memory answer;
            (paid, answer) = address(vault).call{gas: gasLimit}(call_);
            if (bytes4(answer) == IPayoutVault.NotEnoughGas.selector) starved++;
        }
        vm.assertTrue(starved > 0, "starved");
        vm.assertEq(vault.totalOwed(NATIVE), 0, "credits");
        vm.assertEq(address(needy).balance, CAP, "paid");
    }

    function test_aStarvedPayeeIsNamedAsSuch() public {
        GasBurningPayee burner = new GasBurningPayee();
        IPayoutVault.Payout memory payout = payoutOf(NUMBER, NATIVE, address(burner), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotEnoughGas.selector));
        vm.prank(operator);
        vault.payApproved{gas: 150_000}(payout, signers, signatures);
        vm.assertFalse(vault.isConsumed(NUMBER), "not consumed");
        payApproved(payout, 2);
        vm.assertEq(vault.creditOf(NATIVE, address(burner)), CAP, "credit, with gas enough");
    }

    function test_aPayeeThatCallsBackInAchievesNothing() public {
        ReenteringPayee payee = new ReenteringPayee();
        vm.prank(OWNER);
        vault.setOperator(address(payee));
        IPayoutVault.Payout memory inner = payoutOf(SIGNED + 2, NATIVE, address(payee), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(inner, 2);
        payee.arm(address(vault), abi.encodeCall(vault.payApproved, (inner, signers, signatures)));
        IPayoutVault.Payout memory outer = payoutOf(NUMBER, NATIVE, address(payee), CAP);
        (signers, signatures) = approvalsOf(outer, 2);
        payee.call(address(vault), abi.encodeCall(vault.payApproved, (outer, signers, signatures)));
        vm.assertEq(payee.attempts(), 1, "tried");
        vm.assertEq(payee.successes(), 0, "achieved");
        vm.assertEq(address(payee).balance, CAP, "paid once");
        vm.assertFalse(vault.isConsumed(SIGNED + 2), "the inner one can still be paid");
    }
}
