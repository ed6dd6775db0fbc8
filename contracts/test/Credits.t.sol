// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";
import {ReenteringPayee, RefusingPayee} from "../mocks/Payees.sol";
import {FalseToken} from "../mocks/Tokens.sol";
import {Base} from "./Base.t.sol";

contract CreditsTest is Base {
    function test_paysAllThatIsOwedOnce() public {
        RefusingPayee payee = creditedPayee(1, 3 ether);
        payBatch(NATIVE, 2, two(word(address(payee), 4 ether), word(payee_(1), 1)));
        vm.assertEq(vault.totalOwed(NATIVE), 7 ether, "owed");
        vm.prank(GUARDIAN);
        vault.pause();
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.CreditWithdrawn(NATIVE, address(payee), payee_(9), 7 ether);
        vm.prank(address(payee));
        vm.assertEq(vault.withdrawCredit(NATIVE, payee_(9)), 7 ether, "amount");
        vm.assertEq(payee_(9).balance, 7 ether, "paid");
        vm.assertEq(vault.totalOwed(NATIVE), 0, "owed");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NothingOwed.selector, NATIVE, address(payee)));
        vm.prank(address(payee));
        vault.withdrawCredit(NATIVE, payee_(9));
    }

    function test_refusesWhatCannotBePaid() public {
        RefusingPayee payee = creditedPayee(1, 3 ether);
        vm.startPrank(address(payee));
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.ZeroAddress.selector));
        vault.withdrawCredit(NATIVE, address(0));
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.PayeeIsVault.selector));
        vault.withdrawCredit(NATIVE, address(vault));
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NothingOwed.selector, address(token), address(payee)));
        vault.withdrawCredit(address(token), payee_(1));
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.WithdrawFailed.selector, NATIVE, address(payee)));
        vault.withdrawCredit(NATIVE, address(payee));
        vm.stopPrank();
        vm.assertEq(vault.creditOf(NATIVE, address(payee)), 3 ether, "credit stays");
        vm.assertEq(vault.totalOwed(NATIVE), 3 ether, "owed");
    }

    function test_aReenteringPayeeGetsItsCreditOnce() public {
        ReenteringPayee payee = new ReenteringPayee();
        bytes memory code = address(payee).code;
        vm.etch(address(payee), address(new RefusingPayee()).code);
        payBatch(NATIVE, 1, one(word(address(payee), 2 ether)));
        vm.etch(address(payee), code);
        creditedPayee(2, 5 ether);
        payee.arm(address(vault), abi.encodeCall(vault.withdrawCredit, (NATIVE, address(payee))));
        payee.call(address(vault), abi.encodeCall(vault.withdrawCredit, (NATIVE, address(payee))));
        vm.assertEq(payee.attempts(), 1, "tried");
        vm.assertEq(payee.successes(), 0, "achieved");
        vm.assertEq(address(payee).balance, 2 ether, "paid once");
        vm.assertEq(vault.totalOwed(NATIVE), 5 ether, "others' credits");
    }

    // ------------------------------------------------------------ closed numbers

    function test_operatorAndGuardianCloseNumbersOfAnySeries() public {
        vm.prank(OWNER);
        vault.pause();
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.NumberClosed(5, operator);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.NumberClosed(SIGNED + 5, operator);
        vm.prank(operator);
        vault.closeNumbers(two(5, SIGNED + 5));
        vm.prank(GUARDIAN);
        vault.closeNumbers(one(CLAIM + 5));
        vm.assertTrue(vault.isConsumed(5) && vault.isConsumed(SIGNED + 5) && vault.isConsumed(CLAIM + 5), "consumed");
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NotOperator.selector, STRANGER));
        vm.prank(STRANGER);
        vault.closeNumbers(one(6));
    }

    function test_aClosedNumberIsNeverPaidAndAPaidOneNeverClosed() public {
        vm.prank(operator);
        vault.closeNumbers(three(5, SIGNED + 5, CLAIM + 5));
        expectBatchRevert(
            abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, 5), 4, two(0, word(payee_(1), 1))
        );
        IPayoutVault.Payout memory payout = payoutOf(SIGNED + 5, NATIVE, payee_(1), CAP);
        (address[] memory signers, bytes[] memory signatures) = approvalsOf(payout, 2);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, SIGNED + 5));
        vm.prank(operator);
        vault.payApproved(payout, signers, signatures);
        IPayoutVault.Claim memory voucher = claimOf(CLAIM + 5, NATIVE, payee_(1), 1);
        bytes memory signature = signVoucher(voucher);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, CLAIM + 5));
        vault.claim(voucher, signature);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, 5));
        vm.prank(operator);
        vault.closeNumbers(two(4, 5));
        vm.assertFalse(vault.isConsumed(4), "all or nothing");
    }

    function testFuzz_refusesNumbersBeyondTheSeries(uint256 number) public {
        vm.assume(number >= 3 << 60);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.WrongSeries.selector, number));
        vm.prank(operator);
        vault.closeNumbers(one(number));
    }

    function test_refusesNoNumbersAndRepeatedOnes() public {
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.EmptyBatch.selector));
        vm.prank(operator);
        vault.closeNumbers(new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.NumberAlreadyConsumed.selector, 7));
        vm.prank(operator);
        vault.closeNumbers(two(7, 7));
    }

    // ------------------------------------------------------------ funding and sweeping

    function test_anybodyFunds() public {
        vm.deal(STRANGER, 5 ether);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.Funded(STRANGER, 5 ether);
        vm.prank(STRANGER);
        (bool ok,) = address(vault).call{value: 5 ether}("");
        vm.assertTrue(ok, "funded");
        vm.assertEq(address(vault).balance, FUNDS + 5 ether, "balance");
    }

    function test_sweepNeverTouchesWhatIsOwed() public {
        creditedPayee(1, 3 ether);
        vm.startPrank(OWNER);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPayoutVault.InsufficientVaultBalance.selector, NATIVE, FUNDS - 3 ether + 1, FUNDS - 3 ether
            )
        );
        vault.sweep(NATIVE, payee_(1), FUNDS - 3 ether + 1);
        vm.expectEmit(true, true, true, true, address(vault));
        emit IPayoutVault.Swept(NATIVE, payee_(1), FUNDS - 3 ether);
        vault.sweep(NATIVE, payee_(1), FUNDS - 3 ether);
        vm.assertEq(address(vault).balance, 3 ether, "what is owed stays");
        vault.sweep(address(token), payee_(1), FUNDS);
        vm.assertEq(token.balanceOf(payee_(1)), FUNDS, "tokens");
        vm.stopPrank();
    }

    function test_sweepRefusesBadDestinations() public {
        RefusingPayee refusing = new RefusingPayee();
        FalseToken odd = new FalseToken();
        odd.mint(address(vault), 1);
        odd.refuse(payee_(1), true);
        vm.startPrank(OWNER);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.ZeroAddress.selector));
        vault.sweep(NATIVE, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.PayeeIsVault.selector));
        vault.sweep(NATIVE, address(vault), 1);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.WithdrawFailed.selector, NATIVE, address(refusing)));
        vault.sweep(NATIVE, address(refusing), 1);
        vm.expectRevert(abi.encodeWithSelector(IPayoutVault.WithdrawFailed.selector, address(odd), payee_(1)));
        vault.sweep(address(odd), payee_(1), 1);
        vm.stopPrank();
    }
}
