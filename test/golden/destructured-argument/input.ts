import { instrument } from 'spanwright';

interface Order {
  id: string;
  lines: { sku: string }[];
}

export class Billing {
  @instrument({ args: ['id'] })
  charge({ id }: Order) {
    return id;
  }

  @instrument({ args: ['first'] })
  ship(to: string, { lines: [first] }: Order) {
    return [to, first];
  }

  @instrument({ args: ['order'] })
  refund(order: Order) {
    return order.id;
  }
}
